import type { CallOptions, PluginContext } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import { getArchivePreferences, type MamPreferences, setArchivePreferences } from './elements.js'

/** Which messages the server is to archive (XEP-0441 §2.1): a bare JID stands for all its resources (§2.3). */
export interface ArchivePreferences {
  /** For everybody who is in no list; `roster` archives what contacts send and what is sent to them. */
  readonly default: MamPreferences['default']
  /** Whose messages are archived. */
  readonly always: readonly Jid[]
  /** Whose messages are not. */
  readonly never: readonly Jid[]
}

/** What {@link ArchivePreferences} are set to. A list that is left out is empty. */
export interface ArchivePreferencesInit {
  /** For everybody who is in no list. */
  readonly default: MamPreferences['default']
  /** Whose messages are archived. */
  readonly always?: readonly (Jid | string)[] | undefined
  /** Whose messages are not. */
  readonly never?: readonly (Jid | string)[] | undefined
}

/** What the account's preferences are. */
export async function readPreferences(context: PluginContext, { signal }: CallOptions): Promise<ArchivePreferences> {
  return preferencesOf(await context.request(getArchivePreferences, true, { signal }))
}

/** Sets the account's preferences. @returns what the server has made of them */
export async function writePreferences(
  context: PluginContext,
  { default: rule, always, never }: ArchivePreferencesInit,
  { signal }: CallOptions,
): Promise<ArchivePreferences> {
  const wanted = { default: rule, always: { jids: parsed(always) }, never: { jids: parsed(never) } }
  return preferencesOf(await context.request(setArchivePreferences, wanted, { signal }))
}

/** XEP-0441 §2.1.2, §2.1.3: a list that is missing is an empty one. */
const preferencesOf = ({ default: rule, always, never }: MamPreferences): ArchivePreferences => ({
  default: rule,
  always: always?.jids ?? [],
  never: never?.jids ?? [],
})

const parsed = (jids: readonly (Jid | string)[] = []): readonly Jid[] =>
  jids.map((jid) => (typeof jid === 'string' ? Jid.parse(jid) : jid))
