import type { Plugin, PluginContext } from '@couplet/client'
import type { Roster } from '@couplet/roster'
import { type Jid, StanzaError } from '@couplet/stanza'
import { NS_LAST_ACTIVITY, queryLastActivity } from './elements.js'

/** Options of {@link lastActivity}. */
export interface LastActivityOptions {
  /**
   * Who else than the own account and its server gets an answer; the others cannot tell that we are online. Default:
   * nobody.
   */
  readonly answer?: (from: Jid) => boolean
}

/** Options of {@link lastActivity} that take the answer from the roster. */
export interface LastActivityRosterOptions {
  /** The contacts who may see our presence get an answer, too. */
  readonly answer: 'contacts'
}

/** What `client.lastActivity` offers. `getLastActivity` asks others. */
export interface UserActivity {
  /** The user has done something: has typed, clicked, looked. Until the first call, it is when the client was made. */
  active(): void
  /** How long ago that was, in whole seconds: what those are told who may know. */
  readonly idleSeconds: number
}

/** The plugin {@link lastActivity}, which also answers the contacts who may see our presence. */
export function lastActivity(
  options: LastActivityRosterOptions,
): Plugin<'lastActivity', UserActivity, { roster: Roster }>
/** The plugin: tells those who may know that we are online how long the user has been idle (XEP-0012 §4). */
export function lastActivity(options?: LastActivityOptions): Plugin<'lastActivity', UserActivity>
export function lastActivity({
  answer,
}: LastActivityOptions | LastActivityRosterOptions = {}): Plugin<'lastActivity', UserActivity, { roster: Roster }> {
  return {
    name: 'lastActivity',
    features: [NS_LAST_ACTIVITY],
    needs: (answer === 'contacts' ? { roster: true } : {}) as { roster: true },
    setup(context) {
      const activity = watch()
      const mayKnow = answer === 'contacts' ? (from: Jid) => seesUs(context.roster, from) : answer
      context.handle(queryLastActivity, (_query, { from }) => {
        // §4: also what those get who may not know, so that it is the answer of a missing resource.
        if (!isOwn(context, from) && mayKnow?.(from) !== true)
          throw new StanzaError({ condition: 'service-unavailable' })
        return { seconds: activity.idleSeconds }
      })
      return activity
    },
  }
}

function watch(): UserActivity {
  let last = Date.now()
  return {
    active() {
      last = Date.now()
    },
    get idleSeconds() {
      // Not below zero: a clock can be set back.
      return Math.max(0, Math.floor((Date.now() - last) / 1000))
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
