import { Jid } from '@couplet/stanza'
import type { ChatState } from './elements.js'

/** What is known about one conversation. */
export interface Peer {
  /** Whether the contact speaks the protocol; `undefined` until the first answer. */
  support: boolean | undefined
  /** The state we sent last. */
  lastSent: ChatState | undefined
}

/** Strangers can write, too: what is remembered about them is bounded. */
const LIMIT = 1000

/** The conversations of a client by bare JID; the ones that were silent longest are forgotten. */
export class Conversations {
  readonly #peers = new Map<string, Peer>()

  /** The conversation with a contact or room. @throws InvalidJidError */
  of(to: Jid | string): { readonly peer: Peer; readonly jid: Jid } {
    const jid = typeof to === 'string' ? Jid.parse(to) : to
    const key = jid.bare.toString()
    const peer = this.#peers.get(key) ?? { support: undefined, lastSent: undefined }
    this.#peers.delete(key)
    this.#peers.set(key, peer)
    const [oldest] = this.#peers.keys()
    if (this.#peers.size > LIMIT && oldest !== undefined) this.#peers.delete(oldest)
    return { peer, jid }
  }
}
