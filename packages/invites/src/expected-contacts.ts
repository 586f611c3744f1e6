import type { StateStore } from '@couplet/client'
import type { BareJid } from '@couplet/stanza'
import { type Ending, StoredList } from './stored-list.js'

interface Expected extends Ending {
  readonly jid: string
}

/** Whose invitation was accepted, so that they may ask back: once, and for a time (XEP-0379 §3.4). */
export class ExpectedContacts {
  readonly #list: StoredList<Expected>

  constructor(store: StateStore) {
    this.#list = new StoredList(store, 'expected', readExpected)
  }

  /** They will ask. */
  async add(jid: BareJid, expires: Date): Promise<void> {
    const text = jid.toString()
    await this.#list.add({ jid: text, expires: expires.getTime() }, (other) => other.jid === text)
  }

  /** Whether they were expected, which they are not any more then. */
  async take(jid: BareJid): Promise<boolean> {
    const text = jid.toString()
    return (await this.#list.take((expected) => expected.jid === text)).length > 0
  }
}

function readExpected(value: unknown): Expected | undefined {
  const { jid, expires } = (value ?? {}) as Partial<Record<keyof Expected, unknown>>
  return typeof jid === 'string' && typeof expires === 'number' ? { jid, expires } : undefined
}
