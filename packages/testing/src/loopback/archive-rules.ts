import type { MamPreferences } from '@couplet/mam'
import type { Jid } from '@couplet/stanza'

/** What an account wants to have archived (XEP-0441); it asks nobody's roster, so everything is archived for `roster`. */
export class ArchiveRules {
  #preferences: MamPreferences = { default: 'always', always: { jids: [] }, never: { jids: [] } }

  get preferences(): MamPreferences {
    return this.#preferences
  }

  /** Takes what is wanted, as far as it can be done. */
  apply({ default: rule, always, never }: MamPreferences): MamPreferences {
    const [yes, no] = [always?.jids ?? [], never?.jids ?? []]
    this.#preferences = { default: rule === 'never' ? rule : 'always', always: { jids: yes }, never: { jids: no } }
    return this.#preferences
  }

  /** Whether messages from and to somebody are archived (XEP-0441 §2.3). */
  archives(peer: Jid): boolean {
    const { default: rule, always, never } = this.#preferences
    const isIn = (list: MamPreferences['always']): boolean =>
      list?.jids.some((jid) => jid.equals(jid.isBare() ? peer.bare : peer)) === true
    return isIn(always) || (!isIn(never) && rule === 'always')
  }
}
