/**
 * XEP-0313: Message Archive Management (1.1.3), and XEP-0441: Message Archive Management Preferences (0.2.0).
 *
 * @module
 */

export type { ArchiveGap, CaughtUp } from './archive-gap.js'
export type { ArchivedMessage } from './archive-page.js'
export type { ArchivePreferences, ArchivePreferencesInit } from './archive-preferences.js'
export type { MamQueryOptions } from './archive-query.js'
export type { CatchUpOptions, MissedMessage } from './catch-up.js'
export {
  getArchiveFields,
  getArchiveMetadata,
  getArchivePreferences,
  MamFields,
  MamFilter,
  MamFin,
  MamMetadata,
  MamPreferences,
  MamPreferencesQuery,
  MamQuery,
  MamResult,
  NS_MAM,
  NS_MAM_EXTENDED,
  NS_MAM_GROUPCHAT,
  queryArchive,
  setArchivePreferences,
} from './elements.js'
export { type Mam, type MamCallOptions, type MamOptions, mam } from './mam.js'
