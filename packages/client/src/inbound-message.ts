import { Delay } from '@couplet/delay'
import {
  type BareJid,
  Jid,
  MalformedElementError,
  Message,
  type MessageInit,
  message,
  type XmlElement,
} from '@couplet/stanza'
import type { SendHandle } from './session.js'

/** How a message reached us. */
export type Provenance = 'live' | 'carbon' | 'archive' | 'offline' | 'resent'

/** A message that was received. */
export class InboundMessage extends Message {
  /** How it reached us; what is not `live` was sent earlier. */
  readonly provenance: Provenance
  readonly #send: (stanza: Message) => SendHandle

  /** @internal */
  constructor(element: XmlElement, provenance: Provenance, send: (stanza: Message) => SendHandle) {
    super(element)
    this.provenance = provenance
    this.#send = send
  }

  /**
   * Answers in kind: to the sender, or to the room for a room's message, with the same type and thread.
   *
   * @throws TypeError for an error message, which must not be answered (RFC 6120 §8.3.1), or one without a sender
   */
  reply(content: string | Omit<MessageInit, 'to'>, ...payloads: readonly XmlElement[]): SendHandle {
    const { type, from, thread } = this
    if (type === 'error') throw new TypeError('an error message must not be answered')
    if (from === undefined) throw new TypeError('a message without a sender cannot be answered')
    const init = typeof content === 'string' ? { body: content } : content
    const to = type === 'groupchat' ? from.bare : from
    return this.#send(message({ type, thread, ...init, to }, ...payloads))
  }
}

/**
 * A message from the stream. One that the own server says it had to keep was sent while nobody was here, or comes once
 * more after a lost connection: it is not `live`.
 */
export function inboundMessage(
  element: XmlElement,
  provenance: Provenance,
  account: BareJid,
  send: (stanza: Message) => SendHandle,
): InboundMessage {
  const isKept = (by: Jid | undefined): boolean =>
    by !== undefined && (by.equals(account) || String(by) === account.domain)
  const wasKept = provenance === 'live' && element.all(Delay).some(({ from }) => isKept(from))
  return new InboundMessage(element, wasKept ? 'offline' : provenance, send)
}

/** What is wrong with the sender of a stanza, which is all that has to be right before anything else is looked at. */
export function checkSender(element: XmlElement): MalformedElementError | undefined {
  const from = element.attr('from')
  if (from === undefined || Jid.tryParse(from) !== undefined) return undefined
  return new MalformedElementError(`${element.name}@from`, 'is not a JID')
}
