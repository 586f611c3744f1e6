import { Jid, presence, type XmlElement } from '@couplet/stanza'
import type { LoopbackSession } from './account.js'
import type { LoopbackCore } from './loopback-core.js'

const subscriptionTypes = ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed']

/** Presence without an addressee: the session says how available it is (RFC 6121 §4.2 to §4.5). */
export function broadcastPresence(core: LoopbackCore, stanza: XmlElement, session: LoopbackSession): void {
  const type = stanza.attr('type')
  if (type === 'unavailable') {
    leave(core, session, stanza)
    return
  }
  if (type !== undefined) return // nobody to probe or to subscribe to
  const first = session.presence === undefined
  const others = session.account.available.filter((other) => other !== session)
  session.presence = stanza
  // RFC 6121 §4.2.2: the account's own resources see each other, and themselves.
  for (const own of session.account.available) own.deliver(stanza)
  if (first) for (const { presence: known } of others) if (known !== undefined) session.deliver(known)
  for (const { broadcast } of core.presenceHooks) broadcast?.(stanza, session, first)
}

/** The session is not available any more: everybody who knew about it hears so (RFC 6121 §4.5.2, §4.6.3). */
export function leave(core: LoopbackCore, session: LoopbackSession, stanza?: XmlElement): void {
  const last = stanza ?? presence({ type: 'unavailable', from: session.jid }).element
  const audience = session.presence === undefined ? [] : session.account.available
  const wasAvailable = session.presence !== undefined
  session.presence = undefined
  for (const own of audience) if (own !== session || stanza !== undefined) own.deliver(last)
  const directed = [...session.directed]
  session.directed.clear()
  for (const to of directed) core.route(last.with({ to }))
  if (wasAvailable) for (const { broadcast } of core.presenceHooks) broadcast?.(last, session, false)
}

/** Presence with an addressee (RFC 6121 §8.5). */
export function routePresence(core: LoopbackCore, stanza: XmlElement, to: Jid, sender?: LoopbackSession): void {
  const type = stanza.attr('type') ?? ''
  if (subscriptionTypes.includes(type)) {
    routeSubscription(core, stanza, to, sender)
    return
  }
  if (core.session(to) !== undefined) core.session(to)?.deliver(stanza)
  else if (to.isBare() && type !== 'error') for (const each of core.account(to)?.available ?? []) each.deliver(stanza)
}

/** Directed presence is remembered wherever it goes, so that the end of the session is made known there. */
export function noteDirected(stanza: XmlElement, sender: LoopbackSession): void {
  const to = Jid.tryParse(stanza.attr('to') ?? '')
  const type = stanza.attr('type')
  if (to === undefined || to.bare.equals(sender.account.jid)) return
  if (type === undefined) sender.directed.add(to.toString())
  else if (type === 'unavailable') sender.directed.delete(to.toString())
}

/** Subscriptions are between accounts (RFC 6121 §3.1.2); those of strangers just pass. */
function routeSubscription(core: LoopbackCore, stanza: XmlElement, to: Jid, sender?: LoopbackSession): void {
  const from = Jid.tryParse(stanza.attr('from') ?? '')?.bare
  const between = stanza.with({ from: from?.toString(), to: to.bare.toString() })
  // The modules of a test come after the server's own, and go first.
  const hooks = [...core.presenceHooks].reverse()
  if (sender !== undefined && hooks.some(({ subscription }) => subscription?.(between, sender))) return
  for (const session of core.account(to)?.available ?? []) session.deliver(between)
}
