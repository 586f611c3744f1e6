import type { Addressing } from '@couplet/client/core'
import { type BareJid, Jid } from '@couplet/stanza'

/**
 * How a component is called: by any address at its domain, written by itself; `to` and `from` are on every stanza, in both
 * directions (XEP-0114 §3).
 *
 * @param own the domain
 * @param server whom to ask for a sign of life
 */
export function componentAddressing(own: BareJid, server: Jid): Addressing {
  const isOwn = (address: string | undefined): address is string =>
    address !== undefined && Jid.tryParse(address)?.domain === own.domain
  const checkSender = (from: string): void => {
    // The server would end the stream over it.
    if (!isOwn(from)) throw new TypeError('from: not an address at the domain of the component')
  }
  return {
    announces: false,
    server: () => server,
    isOurs: (element) => element.attr('from') !== undefined && isOwn(element.attr('to')),
    inbox: (element) => element.attr('to') ?? '',
    answerer: (asked) => {
      const to = asked.attr('to')
      return isOwn(to) ? to : undefined // what is inside of another stanza may be to anybody
    },
    outgoing(stanza) {
      if (stanza.attr('to') === undefined) throw new TypeError('to: missing; a component has no account of its own')
      const from = stanza.attr('from')
      if (from === undefined) return stanza.with({ from: own.toString() })
      checkSender(from)
      return stanza
    },
  }
}
