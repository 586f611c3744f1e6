import { type DiscoInfo, getDiscoInfo, getDiscoItems, NS_DISCO_INFO, NS_DISCO_ITEMS } from '@couplet/disco'
import { Jid, StanzaError } from '@couplet/stanza'
import type { LoopbackHost, LoopbackModule, RequestTarget } from './loopback-module.js'

const identities = {
  server: { category: 'server', type: 'im', name: 'Couplet loopback server' },
  account: { category: 'account', type: 'registered' },
} as const

/** Service discovery about the server and the own account (XEP-0030); what other modules advertise appears here. */
export function discoModule(): LoopbackModule {
  return {
    name: 'disco',
    setup(host) {
      for (const target of ['server', 'account'] as const) {
        host.advertise(target, NS_DISCO_INFO)
        host.advertise(target, NS_DISCO_ITEMS)
        host.handle(target, getDiscoInfo, ({ node }) => info(host, target, node))
        host.handle(target, getDiscoItems, ({ node }) => {
          expectNoNode(node)
          const served = target === 'server' ? host.served : []
          return { items: served.map((domain) => ({ jid: Jid.of({ domain }) })) }
        })
      }
    },
  }
}

function info(host: LoopbackHost, target: Exclude<RequestTarget, 'contact'>, node: string | undefined): DiscoInfo {
  expectNoNode(node)
  return { identities: [identities[target]], features: host.advertised(target), forms: [] }
}

function expectNoNode(node: string | undefined): void {
  if (node !== undefined) throw new StanzaError({ condition: 'item-not-found' })
}
