import type { Plugin, PluginContext } from '@couplet/client'
import type { Roster } from '@couplet/roster'
import { type Jid, StanzaError } from '@couplet/stanza'
import { type EntityTime, NS_TIME, queryTime } from './elements.js'

/** What is told about the own time. */
export interface TimeZone {
  /** Which time zone is told; `utc` does not tell where the user is. Default `local`. */
  readonly zone?: 'local' | 'utc'
}

/** Options of {@link time}. */
export interface TimeOptions extends TimeZone {
  /**
   * Who else than the own account and its server gets an answer; the others cannot tell that we are online. Default:
   * nobody.
   */
  readonly answer?: (from: Jid) => boolean
}

/** Options of {@link time} that take the answer from the roster. */
export interface TimeRosterOptions extends TimeZone {
  /** The contacts who may see our presence get an answer, too. */
  readonly answer: 'contacts'
}

/** What `client.time` offers. `getTime` asks others. */
export interface Time {
  /** What those are told who may know, if they ask now. */
  now(): EntityTime
}

/** The plugin {@link time}, which also answers the contacts who may see our presence. */
export function time(options: TimeRosterOptions): Plugin<'time', Time, { roster: Roster }>
/** The plugin: tells those who may know that we are online what time it is here (XEP-0202). */
export function time(options?: TimeOptions): Plugin<'time', Time>
export function time({ answer, zone }: TimeOptions | TimeRosterOptions = {}): Plugin<'time', Time, { roster: Roster }> {
  const now = (): EntityTime => {
    const utc = new Date()
    return { tzo: zone === 'utc' ? 0 : Math.round(0 - utc.getTimezoneOffset()), utc }
  }
  return {
    name: 'time',
    features: [NS_TIME],
    needs: (answer === 'contacts' ? { roster: true } : {}) as { roster: true },
    setup(context) {
      const mayKnow = answer === 'contacts' ? (from: Jid) => seesUs(context.roster, from) : answer
      context.handle(queryTime, (_query, { from }) => {
        // The same answer as from a server whose user has no such resource (RFC 6121 §8.5.3.2.3).
        if (!isOwn(context, from) && mayKnow?.(from) !== true)
          throw new StanzaError({ condition: 'service-unavailable' })
        return now()
      })
      return { now }
    },
  }
}

/** The other clients of the account, and its server, know anyway. A service of the same server is somebody else. */
function isOwn({ account }: PluginContext, from: Jid): boolean {
  return from.bare.equals(account) || from.toString() === account.domain
}

function seesUs(roster: Roster, from: Jid): boolean {
  const subscription = roster.get(from)?.subscription
  return subscription === 'from' || subscription === 'both'
}
