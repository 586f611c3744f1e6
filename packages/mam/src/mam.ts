import type { CallOptions, Handled, InboundMessage, Plugin, Subscription } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { type Jid, marker } from '@couplet/stanza'
import type { ArchiveGap, CaughtUp } from './archive-gap.js'
import type { ArchivedMessage } from './archive-page.js'
import {
  type ArchivePreferences,
  type ArchivePreferencesInit,
  readPreferences,
  writePreferences,
} from './archive-preferences.js'
import { type MamQueryOptions, prepareQuery, runQuery } from './archive-query.js'
import type { CatchUpOptions, MissedMessage } from './catch-up.js'
import { CatchUps } from './catch-ups.js'
import { getArchiveMetadata, type MamMetadata, NS_MAM } from './elements.js'
import { findSent } from './sent-fate.js'

/** Options of {@link mam}. */
export interface MamOptions {
  /**
   * Whether to fetch, at the beginning of each session, what this client has missed in the own archive; default `false`.
   * With a `store` that lasts, also what it has missed before it was started.
   */
  readonly catchUp?: boolean | CatchUpOptions | undefined
}

/** Options of a question about an archive. */
export interface MamCallOptions extends CallOptions {
  /** Whose archive: the bare JID of a room; default the own account. */
  readonly archive?: Jid | string | undefined
}

/** What `client.mam` offers. */
export interface Mam {
  /**
   * The messages of an archive in chronological order, fetched page by page as they are asked for; `break` ends it. With
   * `last` the newest ones, which are all fetched before the first is there.
   *
   * `before` without `last`, `after` with `last`, `ids` and `groupchat` need an archive that knows them.
   *
   * @throws RangeError and InvalidJidError at once for options that make no sense
   * @throws StanzaError `item-not-found` for an id that is not in the archive (some return nothing or everything then),
   * `feature-not-implemented` for an option it does not know, `forbidden`, …
   * @throws PagingError if the archive goes round in circles or sends more than it was asked for
   */
  query(options?: MamQueryOptions): AsyncGenerator<ArchivedMessage, void, undefined>
  /**
   * The first and the last message of an archive; neither if it is empty.
   *
   * @throws StanzaError if the archive does not know that question (it lacks the feature `#extended`)
   */
  metadata(options?: MamCallOptions): Promise<MamMetadata>
  /** Whether there is an archive that can be queried. */
  supported(options?: MamCallOptions): Promise<boolean>
  /**
   * Which messages of the account the server archives (XEP-0441).
   *
   * @throws StanzaError `feature-not-implemented`, `service-unavailable`, … if it does not let its users decide
   */
  preferences(options?: CallOptions): Promise<ArchivePreferences>
  /**
   * Says which messages to archive, in place of what was said before; resolves to what the server has made of it. What is
   * not archived is not caught up with.
   *
   * @throws InvalidJidError before anything is sent
   * @throws StanzaError `not-allowed`, `forbidden`, `feature-not-implemented`, …
   */
  setPreferences(preferences: ArchivePreferencesInit, options?: CallOptions): Promise<ArchivePreferences>
  /**
   * Calls the handler with each message that this client has missed, in the order of the archive and each one once: not
   * those that it has sent, nor those that have come another way. Other clients of ours may have sent it: compare `from`.
   * They do not reach `client.onMessage`; their `provenance` is `archive`.
   */
  onMissed(handler: (message: InboundMessage, missed: MissedMessage) => Handled): Subscription
  /** Calls the handler when an archive is caught up with: how many messages that were, and whether some were left out. */
  onCaughtUp(handler: (result: CaughtUp) => Handled): Subscription
  /**
   * Catches up with an archive: that of a room from where it was known last. To be called each time that the room has been
   * entered: what is said before is in its archive only. The own one does so by itself if the plugin is
   * `mam({ catchUp: true })`; then this waits for it.
   *
   * @throws StanzaError, ConnectionError and PagingError; it goes on from where it was when it is called again
   */
  catchUp(options?: MamCallOptions): Promise<CaughtUp>
  /**
   * What catch-ups with an archive have left out, the oldest first: kept in the store until it is filled, the last 100 of them.
   */
  gaps(options?: Pick<MamCallOptions, 'archive'>): Promise<readonly ArchiveGap[]>
  /**
   * Delivers what is in a gap that a catch-up has left, as {@link onMissed} does; what is too much again is the result's
   * `gap`.
   *
   * @throws TypeError if it is no gap
   * @throws StanzaError, ConnectionError and PagingError
   */
  fill(gap: ArchiveGap, options?: CallOptions): Promise<CaughtUp>
}

/** A result whatever it holds: the query reads it, and once is enough. */
const AnyResult = marker(NS_MAM, 'result')

/**
 * The plugin: reads the archive of the account, and those of rooms (XEP-0313); finds out there what became of messages
 * whose session was lost; and catches up with what was missed, if that is wanted.
 *
 * @throws RangeError for a page size or a limit that is no positive integer
 */
export function mam(options: MamOptions = {}): Plugin<'mam', Mam, { disco: Disco }> {
  const { catchUp = false } = options
  const settings = typeof catchUp === 'object' ? catchUp : {}
  for (const name of ['pageSize', 'limit'] as const) {
    const value = settings[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`${name} is a positive integer`)
    }
  }
  return {
    name: 'mam',
    needs: { disco: true },
    setup(context) {
      // Results nobody has asked for, or not any more, are no messages (XEP-0313 §8.2).
      context.onMessage(AnyResult, () => {}, { from: 'ownAccount' })
      context.findSent((sent, signal) => findSent(context, sent, signal))
      const missed = context.event<[InboundMessage, MissedMessage]>()
      const caughtUp = context.event<[CaughtUp]>()
      const catchUps = new CatchUps(context, settings, catchUp !== false, missed, caughtUp)
      if (catchUp !== false) context.catchesUp(() => catchUps.coversAll())
      return {
        query: (query = {}) => runQuery(context, prepareQuery(query, context.account)),
        metadata: ({ archive, signal } = {}) => context.request(getArchiveMetadata, {}, { to: archive, signal }),
        supported: ({ archive, signal } = {}) => context.disco.supports(archive ?? context.account, NS_MAM, { signal }),
        preferences: (call = {}) => readPreferences(context, call),
        setPreferences: (preferences, call = {}) => writePreferences(context, preferences, call),
        onMissed: (handler) => missed.on(handler),
        onCaughtUp: (handler) => caughtUp.on(handler),
        catchUp: ({ archive, signal } = {}) => catchUps.catchUp(archive, { signal }),
        gaps: ({ archive } = {}) => catchUps.gaps(archive),
        fill: (gap, call = {}) => catchUps.fill(gap, call),
      }
    },
  }
}
