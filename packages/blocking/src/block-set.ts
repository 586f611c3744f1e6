import type { PluginEvent } from '@couplet/client'
import type { Jid } from '@couplet/stanza'

/** What has happened to somebody. */
export interface BlockingChange {
  /** Whether they are blocked now, or not any more. */
  readonly type: 'blocked' | 'unblocked'
  /** The account, resource or domain. */
  readonly jid: Jid
}

/** Who is blocked, and who wants to know about changes. */
export class BlockSet {
  /** By JID, as text. */
  readonly all: ReadonlyMap<string, Jid>
  readonly #all = new Map<string, Jid>()
  readonly #changed: PluginEvent<[BlockingChange]>

  /** @param changed told about every change */
  constructor(changed: PluginEvent<[BlockingChange]>) {
    this.all = this.#all
    this.#changed = changed
  }

  /** Whether nothing gets through from, or to, this address (XEP-0191 §6). */
  covers(jid: Jid): boolean {
    return [jid.toString(), jid.bare.toString(), jid.domain].some((each) => this.#all.has(each))
  }

  /** These are blocked, too. */
  add(jids: readonly Jid[]): void {
    for (const jid of jids) {
      const key = jid.toString()
      if (this.#all.has(key)) continue
      this.#all.set(key, jid)
      this.#changed.emit({ type: 'blocked', jid })
    }
  }

  /** These are not blocked any more. */
  delete(jids: readonly Jid[]): void {
    for (const jid of jids) if (this.#all.delete(jid.toString())) this.#changed.emit({ type: 'unblocked', jid })
  }

  /** Makes these the blocked ones; only what differs is a change. */
  replace(jids: readonly Jid[]): void {
    const kept = new Set(jids.map(String))
    this.delete([...this.#all.values()].filter((jid) => !kept.has(jid.toString())))
    this.add(jids)
  }
}
