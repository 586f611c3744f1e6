import { getDiscoInfo, NS_DISCO_INFO } from '@couplet/disco'
import type { DataForm, FormField } from '@couplet/forms'
import { NS_MAM, NS_MAM_EXTENDED } from '@couplet/mam'
import {
  NS_MUC,
  NS_MUC_CONFIG,
  NS_MUC_USER,
  NS_OCCUPANT_ID,
  NS_SELF_PING,
  RoomInfoForm,
  type RoomSettings,
} from '@couplet/muc'
import { bool, StanzaError, type XmlElement } from '@couplet/stanza'
import { NS_STANZA_ID } from '@couplet/stanza-id'
import type { LoopbackRoom } from './loopback-room.js'

type Name = keyof RoomSettings

const archived = [NS_MAM, NS_MAM_EXTENDED, NS_STANZA_ID]

const flags: readonly (readonly [Name, string, feature?: string, otherwise?: string])[] = [
  ['isPersistent', 'muc#roomconfig_persistentroom', 'muc_persistent', 'muc_temporary'],
  ['isPublic', 'muc#roomconfig_publicroom', 'muc_public', 'muc_hidden'],
  ['isMembersOnly', 'muc#roomconfig_membersonly', 'muc_membersonly', 'muc_open'],
  ['isModerated', 'muc#roomconfig_moderatedroom', 'muc_moderated', 'muc_unmoderated'],
  ['isPasswordProtected', 'muc#roomconfig_passwordprotectedroom', 'muc_passwordprotected', 'muc_unsecured'],
  ['canChangeSubject', 'muc#roomconfig_changesubject'],
  ['isLogged', 'muc#roomconfig_enablelogging'],
]
const texts: readonly (readonly [Name, string])[] = [
  ['name', 'muc#roomconfig_roomname'],
  ['description', 'muc#roomconfig_roomdesc'],
  ['password', 'muc#roomconfig_roomsecret'],
  ['whois', 'muc#roomconfig_whois'],
]

const formField = (name: string, type: FormField['type'], value: string | undefined): FormField => ({
  type,
  var: name,
  values: value === undefined ? [] : [value],
  options: [],
})

/** The configuration form of a room, with one field nobody else knows (XEP-0045 §10.2). */
export function formOf({ settings }: LoopbackRoom): DataForm {
  const fields = [
    formField('FORM_TYPE', 'hidden', NS_MUC_CONFIG),
    ...texts.map(([name, field]) => formField(field, 'text-single', settings[name] as string | undefined)),
    ...flags.map(([name, field]) => formField(field, 'boolean', bool.encode(settings[name] === true))),
    formField('{https://couplet.example/}echo', 'text-single', 'kept'),
  ]
  return { type: 'form', instructions: [], fields, items: [] }
}

/** Takes the answer to it; an empty one changes nothing, one without the unknown field is refused. */
export function configure(room: LoopbackRoom, form: DataForm | undefined): void {
  if (form?.type === 'cancel') return
  if (form === undefined) throw new StanzaError({ condition: 'bad-request' })
  const answerTo = (field: string): string | undefined => form.fields.find((each) => each.var === field)?.values[0]
  if (form.fields.length > 0 && answerTo('{https://couplet.example/}echo') === undefined) {
    throw new StanzaError({ condition: 'not-acceptable' })
  }
  const given = [
    ...texts.map(([name, field]) => [name, answerTo(field)] as const),
    ...flags.map(([name, field]) => [name, bool.decode(answerTo(field) ?? '')] as const),
  ].filter(([, value]) => value !== undefined)
  const before = room.settings
  room.settings = { ...before, ...Object.fromEntries(given) }
  const wasLocked = room.isLocked
  room.isLocked = false
  if (!wasLocked) room.notify(changes(before, room.settings))
}

/** XEP-0045 §10.2.1. */
function changes(before: RoomSettings, after: RoomSettings): readonly number[] {
  const codes = [104]
  if (before.whois !== after.whois) codes.push(after.whois === 'anyone' ? 172 : 173)
  if (before.isLogged !== after.isLogged) codes.push(after.isLogged ? 170 : 171)
  return codes
}

/** What service discovery says about a room (XEP-0045 §6.4). */
export function describe({ settings, occupants }: LoopbackRoom): XmlElement | undefined {
  const known = flags.flatMap(([name, , feature, otherwise]) => (settings[name] === true ? feature : otherwise) ?? [])
  const whois = settings.whois === 'anyone' ? 'muc_nonanonymous' : 'muc_semianonymous'
  return getDiscoInfo.response?.build({
    identities: [{ category: 'conference', type: 'text', name: settings.name }],
    features: [NS_DISCO_INFO, NS_MUC, NS_MUC_USER, NS_OCCUPANT_ID, NS_SELF_PING, ...archived, ...known, whois],
    forms: [RoomInfoForm({ description: settings.description, occupants: occupants.size })],
  })
}
