import { Block, Blocked, getBlockList, NS_BLOCKING, sendBlock, sendUnblock, Unblock } from '@couplet/blocking'
import { iq, Jid, NS_CLIENT, StanzaError, type XmlElement, xml } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import { bounce } from './bounce.js'
import type { LoopbackHost, LoopbackModule } from './loopback-module.js'

/** Blocks messages (XEP-0191); presence and requests get through, as this server trusts its clients' manners. */
export function blockingModule(): LoopbackModule {
  return {
    name: 'blocking',
    setup(host) {
      const lists = new BlockLists(host)
      host.advertise('server', NS_BLOCKING)
      host.handle('account', getBlockList, (_query, { session }) => ({
        items: lists.get(session).map((jid) => ({ jid })),
      }))
      host.handle('account', sendBlock, ({ items }, { account }) => {
        if (items.length === 0) throw new StanzaError({ condition: 'bad-request' })
        lists.change(account, Block({ items }), (list) => {
          for (const { jid } of items) list.set(jid.toString(), jid)
        })
      })
      host.handle('account', sendUnblock, ({ items }, { account }) => {
        lists.change(account, Unblock({ items }), (list) => {
          if (items.length === 0) list.clear()
          for (const { jid } of items) list.delete(jid.toString())
        })
      })
      host.onMessage({ sent: (message, sender) => lists.filter(message, sender) })
    },
  }
}

type List = Map<string, Jid>

class BlockLists {
  readonly #host: LoopbackHost
  readonly #lists = new WeakMap<LoopbackAccount, List>()
  /** Sessions that have asked for the list are told about changes (§3.3). */
  readonly #interested = new WeakSet<LoopbackSession>()

  constructor(host: LoopbackHost) {
    this.#host = host
  }

  get(session: LoopbackSession): readonly Jid[] {
    this.#interested.add(session)
    return [...this.#list(session.account).values()]
  }

  change(account: LoopbackAccount, push: XmlElement, apply: (list: List) => void): void {
    apply(this.#list(account))
    for (const session of account.sessions.values()) {
      if (!this.#interested.has(session)) continue
      session.deliver(iq({ type: 'set', id: crypto.randomUUID(), from: account.jid }, push).element)
    }
  }

  /** §3.3: what is sent to somebody who is blocked, and by them, comes back. */
  filter(message: XmlElement, sender: LoopbackSession): XmlElement | undefined {
    const to = Jid.tryParse(message.attr('to') ?? '')
    const recipient = to && this.#host.account(to)
    const error = this.#covers(sender.account, to)
      ? blockedError(message)
      : recipient && this.#covers(recipient, sender.jid)
        ? bounce(message, 'service-unavailable')
        : undefined
    if (error === undefined) return message
    sender.deliver(error)
    return undefined
  }

  #covers(account: LoopbackAccount, jid: Jid | undefined): boolean {
    if (jid === undefined || jid.bare.equals(account.jid)) return false
    const list = this.#list(account)
    return [jid.toString(), jid.bare.toString(), jid.domain].some((each) => list.has(each))
  }

  #list(account: LoopbackAccount): List {
    const list: List = this.#lists.get(account) ?? new Map()
    this.#lists.set(account, list)
    return list
  }
}

function blockedError(message: XmlElement): XmlElement {
  const attributes = { type: 'error', id: message.attr('id'), from: message.attr('to'), to: message.attr('from') }
  const error = new StanzaError({ condition: 'not-acceptable', type: 'cancel', application: Blocked() })
  return xml(NS_CLIENT, 'message', attributes, ...message.elements(), error.element)
}
