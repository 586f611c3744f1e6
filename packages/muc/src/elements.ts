import { DataForm, field, resultForm, submitForm } from '@couplet/forms'
import {
  attr,
  bool,
  type Codec,
  child,
  children,
  childText,
  dateTime,
  define,
  type ElementDef,
  element,
  type Field,
  flag,
  type Infer,
  iqGet,
  iqSet,
  jid,
  Malformed,
  oneOf,
  optional,
  uint,
  xml,
} from '@couplet/stanza'

/** The namespace of entering a room, and the feature of rooms and of those who can enter them (XEP-0045 §16.1). */
export const NS_MUC = 'http://jabber.org/protocol/muc'
/** The namespace of what rooms tell their occupants (XEP-0045 §16.1). */
export const NS_MUC_USER = 'http://jabber.org/protocol/muc#user'
/** The namespace of what moderators and admins ask for (XEP-0045 §16.1). */
export const NS_MUC_ADMIN = 'http://jabber.org/protocol/muc#admin'
/** The namespace of what owners ask for (XEP-0045 §16.1). */
export const NS_MUC_OWNER = 'http://jabber.org/protocol/muc#owner'
/** The FORM_TYPE of a room's configuration (XEP-0045 §15.5.3). */
export const NS_MUC_CONFIG = 'http://jabber.org/protocol/muc#roomconfig'
/** The FORM_TYPE of what service discovery says about a room (XEP-0045 §15.5.4). */
export const NS_MUC_INFO = 'http://jabber.org/protocol/muc#roominfo'
/** The FORM_TYPE of requests for voice (XEP-0045 §15.5.2). */
export const NS_MUC_REQUEST = 'http://jabber.org/protocol/muc#request'
/** The namespace of registration (XEP-0077), as far as rooms use it (XEP-0045 §7.10). */
export const NS_REGISTER = 'jabber:iq:register'
/** The namespace of direct invitations, and the feature of those who understand them (XEP-0249 §2, §3). */
export const NS_DIRECT_INVITATION = 'jabber:x:conference'
/** The namespace of occupant identifiers, and the feature of rooms that assign them (XEP-0421 §3). */
export const NS_OCCUPANT_ID = 'urn:xmpp:occupant-id:0'
/** The feature of rooms that answer self-pings themselves (XEP-0410 §3). */
export const NS_SELF_PING = 'http://jabber.org/protocol/muc#self-ping-optimization'

/** What an occupant may do, as long as they are there (XEP-0045 §5.1). */
export type Role = 'moderator' | 'participant' | 'visitor' | 'none'
/** What an account is to a room, whether it is there or not (XEP-0045 §5.2). */
export type Affiliation = 'owner' | 'admin' | 'member' | 'none' | 'outcast'

const role: Codec<Role> = oneOf<Role>('moderator', 'participant', 'visitor', 'none')
const affiliation: Codec<Affiliation> = oneOf<Affiliation>('owner', 'admin', 'member', 'none', 'outcast')

/** How much of what was said before is wanted; all limits count (XEP-0045 §7.2.14). */
export const MucHistory = element(NS_MUC, 'history', {
  maxChars: optional(attr('maxchars', uint)),
  maxStanzas: optional(attr('maxstanzas', uint)),
  seconds: optional(attr('seconds', uint)),
  since: optional(attr('since', dateTime)),
})
/** The value of the definition of the same name. */
export type MucHistory = Infer<typeof MucHistory>

/** Wants to enter a room, in a presence to the room with the nickname (XEP-0045 §7.2.2). */
export const MucJoin = element(NS_MUC, 'x', {
  history: optional(child(MucHistory)),
  password: optional(childText('password')),
})
/** The value of the definition of the same name. */
export type MucJoin = Infer<typeof MucJoin>

/** Who has done something to an occupant (XEP-0045 §8.2). */
export const MucActor = element(NS_MUC_USER, 'actor', { jid: optional(attr('jid', jid)), nick: optional(attr('nick')) })
/** The value of the definition of the same name. */
export type MucActor = Infer<typeof MucActor>

/** What an occupant is (XEP-0045 §7.2.2). */
export const MucItem = element(NS_MUC_USER, 'item', {
  affiliation: optional(attr('affiliation', affiliation)),
  jid: optional(attr('jid', jid)),
  nick: optional(attr('nick')),
  role: optional(attr('role', role)),
  actor: optional(child(MucActor)),
  reason: optional(childText('reason')),
})
/** The value of the definition of the same name. */
export type MucItem = Infer<typeof MucItem>

/** A status code; its value is the number (XEP-0045 §15.6.2). */
export const MucStatus: ElementDef<number> = define(
  NS_MUC_USER,
  ['status'],
  (code: number) => xml(NS_MUC_USER, 'status', { code: uint.encode(code) }),
  (status) => uint.decode(status.attr('code') ?? '') ?? new Malformed('@code', 'is not a status code'),
)
/** The value of the definition of the same name. */
export type MucStatus = Infer<typeof MucStatus>

/** The invitation continues a conversation of two (XEP-0045 §7.9). */
export const MucContinue = element(NS_MUC_USER, 'continue', { thread: optional(attr('thread')) })
/** The value of the definition of the same name. */
export type MucContinue = Infer<typeof MucContinue>

/** An invitation that the room passes on (XEP-0045 §7.8.2). */
export const MucInvite = element(NS_MUC_USER, 'invite', {
  from: optional(attr('from', jid)),
  to: optional(attr('to', jid)),
  reason: optional(childText('reason')),
  continue: optional(child(MucContinue)),
})
/** The value of the definition of the same name. */
export type MucInvite = Infer<typeof MucInvite>

/** Declines an invitation (XEP-0045 §7.8.2). */
export const MucDecline = element(NS_MUC_USER, 'decline', {
  from: optional(attr('from', jid)),
  to: optional(attr('to', jid)),
  reason: optional(childText('reason')),
})
/** The value of the definition of the same name. */
export type MucDecline = Infer<typeof MucDecline>

/** The room is no more (XEP-0045 §10.9). */
export const MucDestroyed = element(NS_MUC_USER, 'destroy', {
  /** Where to go instead. */
  jid: optional(attr('jid', jid)),
  password: optional(childText('password')),
  reason: optional(childText('reason')),
})
/** The value of the definition of the same name. */
export type MucDestroyed = Infer<typeof MucDestroyed>

/** What a room says about an occupant, about itself, or on behalf of somebody (XEP-0045 §16.3). */
export const MucUser = element(NS_MUC_USER, 'x', {
  decline: optional(child(MucDecline)),
  destroy: optional(child(MucDestroyed)),
  invites: children(MucInvite),
  items: children(MucItem),
  password: optional(childText('password')),
  statuses: children(MucStatus),
})
/** The value of the definition of the same name. */
export type MucUser = Infer<typeof MucUser>

/** Who has put an account into a list (XEP-0045 §9.2). */
export const MucAdminActor = element(NS_MUC_ADMIN, 'actor', {
  jid: optional(attr('jid', jid)),
  nick: optional(attr('nick')),
})
/** The value of the definition of the same name. */
export type MucAdminActor = Infer<typeof MucAdminActor>

/** A role or an affiliation: one to set, one of a list, or which list is asked for (XEP-0045 §8.2, §9). */
export const MucAdminItem = element(NS_MUC_ADMIN, 'item', {
  affiliation: optional(attr('affiliation', affiliation)),
  jid: optional(attr('jid', jid)),
  nick: optional(attr('nick')),
  role: optional(attr('role', role)),
  actor: optional(child(MucAdminActor)),
  reason: optional(childText('reason')),
})
/** The value of the definition of the same name. */
export type MucAdminItem = Infer<typeof MucAdminItem>

/** Roles and affiliations (XEP-0045 §8, §9). */
export const MucAdmin = element(NS_MUC_ADMIN, 'query', { items: children(MucAdminItem) })
/** The value of the definition of the same name. */
export type MucAdmin = Infer<typeof MucAdmin>

/** Destroys a room (XEP-0045 §10.9). */
export const MucDestroy = element(NS_MUC_OWNER, 'destroy', {
  jid: optional(attr('jid', jid)),
  password: optional(childText('password')),
  reason: optional(childText('reason')),
})
/** The value of the definition of the same name. */
export type MucDestroy = Infer<typeof MucDestroy>

/** The configuration of a room, or its end (XEP-0045 §10). Without content it asks for the form. */
export const MucOwner = element(NS_MUC_OWNER, 'query', {
  form: optional(child(DataForm)),
  destroy: optional(child(MucDestroy)),
})
/** The value of the definition of the same name. */
export type MucOwner = Infer<typeof MucOwner>

/** Registration with a room (XEP-0045 §7.10). Without content it asks what is needed. */
export const RoomRegistration = element(NS_REGISTER, 'query', {
  registered: flag('registered'),
  username: optional(childText('username')),
  form: optional(child(DataForm)),
})
/** The value of the definition of the same name. */
export type RoomRegistration = Infer<typeof RoomRegistration>

/** An invitation from one to another, without the room (XEP-0249 §2). */
export const DirectInvitation = element(NS_DIRECT_INVITATION, 'x', {
  continue: optional(attr('continue', bool)),
  jid: attr('jid', jid),
  password: optional(attr('password')),
  reason: optional(attr('reason')),
  thread: optional(attr('thread')),
})
/** The value of the definition of the same name. */
export type DirectInvitation = Infer<typeof DirectInvitation>

/** Who an occupant is, whatever their nickname (XEP-0421 §3). Whether to believe it depends on the room. */
export const OccupantId = element(NS_OCCUPANT_ID, 'occupant-id', { id: attr('id') })
/** The value of the definition of the same name. */
export type OccupantId = Infer<typeof OccupantId>

/** Rooms write what they like into their forms: a field that cannot be read does not cost the others. */
function lenient<T>(name: string, codec: Codec<T>): Field<T> {
  const strict = field<T>(name, codec)
  return {
    ...strict,
    parse(form) {
      const value = strict.parse(form)
      return value instanceof Malformed ? undefined : value
    },
  }
}

/** What service discovery says about a room beyond its features (XEP-0045 §15.5.4). */
export const RoomInfoForm = resultForm(NS_MUC_INFO, {
  description: optional(field('muc#roominfo_description')),
  lang: optional(field('muc#roominfo_lang')),
  occupants: optional(lenient('muc#roominfo_occupants', uint)),
  subject: optional(field('muc#roominfo_subject')),
  subjectmod: optional(lenient('muc#roominfo_subjectmod', bool)),
})
/** The value of the definition of the same name. */
export type RoomInfoForm = Infer<typeof RoomInfoForm>

/** A request for voice, and the answer to it (XEP-0045 §7.13, §8.6). */
export const VoiceRequest = submitForm(NS_MUC_REQUEST, {
  role: optional(field('muc#role', role)),
  jid: optional(field('muc#jid', jid)),
  nick: optional(field('muc#roomnick')),
  allow: optional(field('muc#request_allow', bool)),
})
/** The value of the definition of the same name. */
export type VoiceRequest = Infer<typeof VoiceRequest>

/** Asks for a list of roles or affiliations (XEP-0045 §8.4, §9). */
export const getAdmin = iqGet(MucAdmin, MucAdmin)
/** Sets roles or affiliations (XEP-0045 §8, §9). */
export const setAdmin = iqSet(MucAdmin)
/** Asks for the configuration form (XEP-0045 §10.2). */
export const getOwner = iqGet(MucOwner, MucOwner)
/** Configures or destroys a room (XEP-0045 §10.1, §10.2, §10.9). */
export const setOwner = iqSet(MucOwner)
/** Asks what registration needs (XEP-0045 §7.10). */
export const getRegistration = iqGet(RoomRegistration, RoomRegistration)
/** Registers (XEP-0045 §7.10). */
export const setRegistration = iqSet(RoomRegistration)
