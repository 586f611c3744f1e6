import type { PresenceInit } from '@couplet/stanza'
import type { AttemptOptions } from './connector.js'
import type { Login, SessionRequest } from './login.js'
import type { NetworkHooks } from './network-watch.js'
import type { StateStore } from './state-store.js'

/** What the loop needs besides what an attempt needs. */
export interface LoopOptions extends Omit<AttemptOptions, 'memory' | 'request' | 'hints'> {
  readonly presence: PresenceInit | false
  readonly reconnect: boolean
  /** Where state lives. */
  readonly store: StateStore
  /** Whether it outlasts the process, so that the session is kept there, too. */
  readonly isStored: boolean
  /** Milliseconds without an inbound byte after which the server is asked for a sign of life. */
  readonly keepAlive: number | undefined
  readonly network: NetworkHooks | undefined
  /** Makes one attempt; default: as a client of RFC 6120. */
  readonly logIn?:
    | ((options: AttemptOptions, request: SessionRequest, signal: AbortSignal) => Promise<Login>)
    | undefined
}

/** Whether what is sent outlasts the process. */
export const isKept = ({ isStored, credentials }: Pick<LoopOptions, 'isStored' | 'credentials'>): boolean =>
  isStored && !credentials.anonymous
