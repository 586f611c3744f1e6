import {
  disableCarbons,
  EnableCarbons,
  enableCarbons,
  NS_CARBONS,
  PrivateMessage,
  ReceivedCarbon,
  SentCarbon,
} from '@couplet/carbons'
import { Jid, Message, message, type XmlElement } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import type { LoopbackModule } from './loopback-module.js'

/** Copies for the other clients of an account (XEP-0280). */
export function carbonsModule(): LoopbackModule {
  const enabled = new WeakSet<LoopbackSession>()
  const copy = (
    def: typeof SentCarbon,
    stanza: XmlElement,
    account: LoopbackAccount,
    without: readonly (LoopbackSession | undefined)[],
  ): void => {
    const original = new Message(stanza)
    if (!isEligible(original)) return
    for (const session of account.sessions.values()) {
      if (!enabled.has(session) || without.includes(session)) continue
      const { type } = original
      const forwarded = { message: original }
      session.deliver(message({ type, from: account.jid, to: session.jid }, def({ forwarded })).element, stanza)
    }
  }
  return {
    name: 'carbons',
    setup(host) {
      host.advertise('server', NS_CARBONS)
      host.advertise('account', NS_CARBONS)
      host.handle('account', enableCarbons, (_value, { session }) => void enabled.add(session))
      host.handle('account', disableCarbons, (_value, { session }) => void enabled.delete(session))
      host.bindFeature(NS_CARBONS, EnableCarbons, (_value, session) => {
        enabled.add(session)
        return undefined // it always works (XEP-0386 §3.2)
      })
      host.onMessage({
        sent(stanza, sender) {
          // What goes to the own account is copied when it arrives.
          if (!addressee(stanza)?.bare.equals(sender.account.jid)) copy(SentCarbon, stanza, sender.account, [sender])
          return stanza
        },
        delivered(stanza, account, sessions) {
          const from = Jid.tryParse(stanza.attr('from') ?? '')
          const sender = from?.resource === undefined ? undefined : host.account(from)?.sessions.get(from.resource)
          copy(ReceivedCarbon, stanza, account, [...sessions, sender])
        },
      })
    },
  }
}

const addressee = (stanza: XmlElement): Jid | undefined => Jid.tryParse(stanza.attr('to') ?? '')

/** XEP-0280 §6.1, as far as this server knows the protocols that are named there. */
function isEligible({ type, body, element }: Message): boolean {
  if (element.get(PrivateMessage) !== undefined) return false
  return type === 'chat' || (type === 'normal' && body !== undefined)
}
