import { Delay } from '@couplet/delay'
import { Jid, type XmlElement } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import { isLasting } from './archive.js'
import type { LoopbackModule } from './loopback-module.js'

/** What an account holds at most for later; the oldest make room. */
const limit = 1000

/**
 * Keeps messages for who is not available, and delivers them when somebody is (RFC 6121 §8.5.2.2.1, XEP-0160).
 *
 * @param clearedByBind whether who binds with Bind 2 has to fetch them from the archive instead (XEP-0386 §3.2)
 */
export function offlineModule(clearedByBind: boolean): LoopbackModule {
  const kept = new WeakMap<LoopbackAccount, XmlElement[]>()
  return {
    name: 'offline',
    setup(host) {
      const from = Jid.parse(host.domain)
      const keep = (message: XmlElement, account: LoopbackAccount): void => {
        kept.set(account, [...(kept.get(account) ?? []), message].slice(-limit))
      }
      host.onMessage({
        delivered(message, account, sessions) {
          if (sessions.length > 0 || !isLasting(message)) return
          keep(message.with({}, Delay({ from, stamp: new Date() })), account)
        },
        stranded: keep,
      })
      host.onBind(({ account }) => {
        if (clearedByBind) kept.delete(account)
        return undefined
      })
      host.onPresence({
        broadcast(presence, session) {
          if (presence.attr('type') === undefined && session.priority >= 0) deliver(kept, session)
        },
      })
    },
  }
}

function deliver(kept: WeakMap<LoopbackAccount, XmlElement[]>, session: LoopbackSession): void {
  const messages = kept.get(session.account) ?? []
  kept.delete(session.account)
  for (const message of messages) session.deliver(message)
}
