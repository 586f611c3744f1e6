import type { CallOptions, Plugin } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { type Jid, marker } from '@couplet/stanza'
import type { ArchivedMessage } from './archive-page.js'
import { type MamQueryOptions, prepareQuery, runQuery } from './archive-query.js'
import { getArchiveMetadata, type MamMetadata, NS_MAM } from './elements.js'

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
   * @throws StanzaError `item-not-found` for an id that is not in the archive, `feature-not-implemented` for an option it
   * does not know, `forbidden`, …
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
}

/** A result whatever it holds: the query reads it, and once is enough. */
const AnyResult = marker(NS_MAM, 'result')

/** The plugin: reads the archive of the account, and those of rooms (XEP-0313). */
export function mam(): Plugin<'mam', Mam, { disco: Disco }> {
  return {
    name: 'mam',
    needs: { disco: true },
    setup(context) {
      // Results nobody has asked for, or not any more, are no messages (XEP-0313 §8.2).
      context.onMessage(AnyResult, () => {}, { from: 'ownAccount' })
      return {
        query: (options = {}) => runQuery(context, prepareQuery(options, context.account)),
        metadata: ({ archive, signal } = {}) => context.request(getArchiveMetadata, {}, { to: archive, signal }),
        supported: ({ archive, signal } = {}) => context.disco.supports(archive ?? context.account, NS_MAM, { signal }),
      }
    },
  }
}
