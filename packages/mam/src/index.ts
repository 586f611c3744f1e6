/**
 * XEP-0313: Message Archive Management (1.1.3).
 *
 * @module
 */

export type { ArchiveGap, CaughtUp } from './archive-gap.js'
export type { ArchivedMessage } from './archive-page.js'
export type { MamQueryOptions } from './archive-query.js'
export type { CatchUpOptions, MissedMessage } from './catch-up.js'
export {
  getArchiveFields,
  getArchiveMetadata,
  MamFields,
  MamFilter,
  MamFin,
  MamMetadata,
  MamQuery,
  MamResult,
  NS_MAM,
  NS_MAM_EXTENDED,
  NS_MAM_GROUPCHAT,
  queryArchive,
} from './elements.js'
export { type Mam, type MamCallOptions, type MamOptions, mam } from './mam.js'
