/**
 * RFC 6121 §2: the roster, with versioning.
 *
 * @module
 */

export type { Contact, RosterChange } from './contacts.js'
export {
  getRoster,
  NS_ROSTER,
  NS_ROSTER_VERSIONING,
  RosterItem,
  RosterQuery,
  RosterResult,
  RosterVersioning,
  setRoster,
} from './elements.js'
export { type ContactInit, type Roster, roster } from './roster.js'
