import type { Plugin, PluginContext } from '@couplet/client'
import type { Roster } from '@couplet/roster'
import { type Jid, StanzaError } from '@couplet/stanza'
import { NS_VERSION, queryVersion, type SoftwareVersion } from './elements.js'

/** Options of {@link version}. */
export interface VersionOptions {
  /** The name of the software. */
  readonly name: string
  /** Its version. */
  readonly version: string
  /** The operating system; nobody is told unless it is given. */
  readonly os?: string | undefined
  /**
   * Who else than the own account and its server gets an answer; the others cannot tell that we are online. Default:
   * nobody.
   */
  readonly answer?: (from: Jid) => boolean
}

/** Options of {@link version} that take the answer from the roster. */
export interface VersionRosterOptions {
  /** The name of the software. */
  readonly name: string
  /** Its version. */
  readonly version: string
  /** The operating system; nobody is told unless it is given. */
  readonly os?: string | undefined
  /** The contacts who may see our presence get an answer, too. */
  readonly answer: 'contacts'
}

/** What `client.version` offers. `getVersion` asks others. */
export interface Version {
  /** What those are told who may know. */
  readonly self: SoftwareVersion
}

/** The plugin {@link version}, which also answers the contacts who may see our presence. */
export function version(options: VersionRosterOptions): Plugin<'version', Version, { roster: Roster }>
/**
 * The plugin: tells those who may know that we are online which software this is (XEP-0092); the operating system only
 * if it is given.
 */
export function version(options: VersionOptions): Plugin<'version', Version>
export function version(
  options: VersionOptions | VersionRosterOptions,
): Plugin<'version', Version, { roster: Roster }> {
  const { name, version: number, os, answer } = options
  const self: SoftwareVersion = { name, version: number, os }
  return {
    name: 'version',
    features: [NS_VERSION],
    needs: (answer === 'contacts' ? { roster: true } : {}) as { roster: true },
    setup(context) {
      const mayKnow = answer === 'contacts' ? (from: Jid) => seesUs(context.roster, from) : answer
      context.handle(queryVersion, (_query, { from }) => {
        // The same answer as from a server whose user has no such resource (RFC 6121 §8.5.3.2.3).
        if (!isOwn(context, from) && mayKnow?.(from) !== true)
          throw new StanzaError({ condition: 'service-unavailable' })
        return self
      })
      return { self }
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
