import { DataForm, field, fieldList, submitForm } from '@couplet/forms'
import { Forwarded } from '@couplet/forward'
import { ResultSet, ResultSetRequest } from '@couplet/rsm'
import {
  attr,
  bool,
  child,
  children,
  childTexts,
  dateTime,
  element,
  flag,
  type Infer,
  iqGet,
  iqSet,
  jid,
  marker,
  oneOf,
  optional,
  uint,
} from '@couplet/stanza'

/** The namespace of message archives (XEP-0313). */
export const NS_MAM = 'urn:xmpp:mam:2'
/** The feature of archives that know `before-id`, `after-id`, `ids`, flipped pages and metadata (XEP-0313 §7). */
export const NS_MAM_EXTENDED = 'urn:xmpp:mam:2#extended'
/** The feature of archives that know the field `include-groupchat` (XEP-0313 §7). */
export const NS_MAM_GROUPCHAT = 'urn:xmpp:mam:2#groupchat-field'

const NS_MUC_USER = 'http://jabber.org/protocol/muc#user'

/** Marks what comes from an occupant of a room, or goes to one (XEP-0045 §7.5). */
export const MucUser = marker(NS_MUC_USER, 'x')

/** What a room says with a presence; only the codes matter here (XEP-0045 §7.2.2). */
export const RoomPresence = element(NS_MUC_USER, 'x', {
  statuses: children(element(NS_MUC_USER, 'status', { code: attr('code', uint) })),
})
/** The value of the definition of the same name. */
export type RoomPresence = Infer<typeof RoomPresence>

/** Which messages are wanted (XEP-0313 §4.1). */
export const MamFilter = submitForm(NS_MAM, {
  with: optional(field('with', jid)),
  start: optional(field('start', dateTime)),
  end: optional(field('end', dateTime)),
  afterId: optional(field('after-id')),
  beforeId: optional(field('before-id')),
  ids: optional(fieldList('ids')),
  includeGroupchat: optional(field('include-groupchat', bool)),
})
/** The value of the definition of the same name. */
export type MamFilter = Infer<typeof MamFilter>

/** Asks an archive for messages (XEP-0313 §4). */
export const MamQuery = element(NS_MAM, 'query', {
  queryId: optional(attr('queryid')),
  /** Which archive of a pubsub service (XEP-0442). */
  node: optional(attr('node')),
  filter: optional(child(MamFilter)),
  page: optional(child(ResultSetRequest)),
  /** The newest message of the page comes first (§4.3.4). */
  flipPage: flag('flip-page'),
})
/** The value of the definition of the same name. */
export type MamQuery = Infer<typeof MamQuery>

/** The fields that an archive knows for a filter (XEP-0313 §4.1.5). Without a form it is the question. */
export const MamFields = element(NS_MAM, 'query', { form: optional(child(DataForm)) })
/** The value of the definition of the same name. */
export type MamFields = Infer<typeof MamFields>

/** One message of an archive, and its id there (XEP-0313 §4.2). */
export const MamResult = element(NS_MAM, 'result', {
  queryId: optional(attr('queryid')),
  id: attr('id'),
  forwarded: child(Forwarded),
})
/** The value of the definition of the same name. */
export type MamResult = Infer<typeof MamResult>

/** The end of a page (XEP-0313 §4.3). */
export const MamFin = element(NS_MAM, 'fin', {
  /** Whether this is the last page. */
  complete: optional(attr('complete', bool)),
  /** `false`: the archive may give another answer later. */
  stable: optional(attr('stable', bool)),
  page: child(ResultSet),
})
/** The value of the definition of the same name. */
export type MamFin = Infer<typeof MamFin>

const edge = { id: attr('id'), timestamp: attr('timestamp', dateTime) }

/** The first and the last message of an archive; neither if it is empty (XEP-0313 §5). Empty is also the question. */
export const MamMetadata = element(NS_MAM, 'metadata', {
  start: optional(child(element(NS_MAM, 'start', edge))),
  end: optional(child(element(NS_MAM, 'end', edge))),
})
/** The value of the definition of the same name. */
export type MamMetadata = Infer<typeof MamMetadata>

/** Asks which messages are archived (XEP-0441 §2.1). */
export const MamPreferencesQuery = marker(NS_MAM, 'prefs')
/** The value of the definition of the same name. */
export type MamPreferencesQuery = Infer<typeof MamPreferencesQuery>

const jids = { jids: childTexts('jid', jid) }

/** Which messages are archived: those of whom, and those of everybody else (XEP-0441 §2.1). */
export const MamPreferences = element(NS_MAM, 'prefs', {
  default: attr('default', oneOf('always', 'never', 'roster')),
  always: optional(child(element(NS_MAM, 'always', jids))),
  never: optional(child(element(NS_MAM, 'never', jids))),
})
/** The value of the definition of the same name. */
export type MamPreferences = Infer<typeof MamPreferences>

/** Asks for a page of messages, which come as {@link MamResult}s before the answer (XEP-0313 §4). */
export const queryArchive = iqSet(MamQuery, MamFin)
/** Asks where an archive begins and ends (XEP-0313 §5). */
export const getArchiveMetadata = iqGet(MamMetadata, MamMetadata)
/** Asks which fields a filter may have (XEP-0313 §4.1.5). */
export const getArchiveFields = iqGet(MamFields, MamFields)
/** Asks which messages are archived (XEP-0441 §2.1). */
export const getArchivePreferences = iqGet(MamPreferencesQuery, MamPreferences)
/** Says which messages to archive; the answer is what the server has made of it (XEP-0441 §2.1). */
export const setArchivePreferences = iqSet(MamPreferences, MamPreferences)
