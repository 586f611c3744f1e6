import { type Retry, XmppError } from '@couplet/stanza'

/**
 * Why something about a room came to nothing, where the room itself did not say so with a `StanzaError`: `timeout` (no
 * answer), `left` (we are not in the room any more), `lost` (we are on our way into it), `exists` (the room to be created
 * is there), `no-room` (the room to be entered is not).
 */
export type RoomErrorCode = 'timeout' | 'left' | 'lost' | 'exists' | 'no-room'

const sentences: Readonly<Record<RoomErrorCode, string>> = {
  timeout: 'the room has not answered',
  left: 'not in the room any more',
  lost: 'not in the room at the moment',
  exists: 'the room exists already',
  'no-room': 'there is no such room',
}

/** A room did not do what it was asked, and did not say why. */
export class RoomError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'RoomError'
  readonly code: RoomErrorCode
  readonly retry: Retry

  /** @internal */
  constructor(code: RoomErrorCode) {
    super(sentences[code])
    this.code = code
    this.retry = code === 'timeout' || code === 'lost' ? 'backoff' : 'no'
  }
}
