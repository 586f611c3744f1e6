import { StanzaError } from '@couplet/stanza'
import { NS_VCARD, queryVcard, storeVcard, type Vcard } from '@couplet/vcard'
import type { LoopbackAccount } from './account.js'
import type { LoopbackModule } from './loopback-module.js'

/** Keeps the vCards of accounts (XEP-0054), and lets everybody read them. */
export function vcardsModule(): LoopbackModule {
  return {
    name: 'vcards',
    setup(host) {
      const cards = new WeakMap<LoopbackAccount, Vcard>()
      host.advertise('server', NS_VCARD)
      host.handle('account', queryVcard, (_query, { account }) => {
        const card = cards.get(account)
        if (card === undefined) throw new StanzaError({ condition: 'item-not-found' })
        return card
      })
      host.handle('contact', queryVcard, (_query, { account }) => {
        const card = cards.get(account)
        // §3.3: as for an account that does not exist.
        if (card === undefined) throw new StanzaError({ condition: 'service-unavailable' })
        return card
      })
      host.handle('account', storeVcard, (card, { account }) => void cards.set(account, card))
    },
  }
}
