import { Delay } from '@couplet/delay'
import { Jid, Message, type XmlElement } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import { isLasting } from './archive.js'
import type { LoopbackCore } from './loopback-core.js'

/** Delivers a message to an address of the domain (RFC 6121 §8.5). */
export function routeMessage(core: LoopbackCore, stanza: XmlElement, to: Jid): void {
  if (to.local === undefined) {
    // RFC 6121 §8.4 leaves it open
    core.bounce(stanza, 'service-unavailable')
    return
  }
  const account = core.account(to)
  if (account === undefined) {
    core.bounce(stanza, 'service-unavailable') // §8.5.1
    return
  }
  const { type } = new Message(stanza)
  const addressed = core.session(to)
  if (addressed !== undefined) {
    deliver(core, stanza, account, [addressed])
    return
  }
  // §8.5.2.1.1 and §8.5.3.2.1: only conversations fall back to the account when the resource is gone.
  if (type === 'groupchat') {
    core.bounce(stanza, 'service-unavailable')
    return
  }
  if (type === 'error' || (to.isFull() && type === 'headline')) return
  const able = ableOf(account)
  if (type === 'headline') {
    deliver(core, stanza, account, able)
    return
  }
  if (able.length > 0) {
    deliver(core, stanza, account, mostAvailable(able))
    return
  }
  if (core.messageHooks.some(({ keeps }) => keeps?.(stanza, account))) {
    deliver(core, stanza, account, [])
    return
  }
  core.bounce(stanza, 'service-unavailable')
}

/** See {@link LoopbackHost.strand}: the archive has it already, and who was sent it or a copy is not sent it again. */
export function strand(core: LoopbackCore, stanza: XmlElement, session: LoopbackSession, sent: Date): void {
  if (stanza.name === 'iq') core.bounce(stanza, 'service-unavailable')
  if (stanza.name !== 'message' || !isLasting(stanza)) return
  const { account } = session
  const isDelayed = stanza.get(Delay) !== undefined
  const message = isDelayed ? stanza : stanza.with({}, Delay({ from: Jid.parse(core.domain), stamp: sent }))
  const able = ableOf(account)
  if (able.length === 0) for (const { stranded } of core.messageHooks) stranded?.(message, account)
  if (able.some((other) => other.had(stanza))) return
  for (const other of able.length > 0 ? mostAvailable(able) : []) other.deliver(message, stanza)
}

const ableOf = ({ available }: LoopbackAccount): LoopbackSession[] => available.filter(({ priority }) => priority >= 0)

/** Those with the highest priority: one of the two choices RFC 6121 §8.5.2.1.1 gives. */
function mostAvailable(sessions: readonly LoopbackSession[]): LoopbackSession[] {
  const highest = Math.max(...sessions.map(({ priority }) => priority))
  return sessions.filter(({ priority }) => priority === highest)
}

function deliver(
  core: LoopbackCore,
  stanza: XmlElement,
  account: LoopbackAccount,
  sessions: readonly LoopbackSession[],
): void {
  let message = stanza
  for (const { received } of core.messageHooks) message = received?.(message, account) ?? message
  for (const session of sessions) session.deliver(message)
  for (const { delivered } of core.messageHooks) delivered?.(message, account, sessions)
}
