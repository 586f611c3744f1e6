import { type DataForm, type FormValue, fillForm } from '@couplet/forms'
import { bool } from '@couplet/stanza'

/** The settings of a room that XEP-0045 §15.5.3 names. Every server offers some of them, and others of its own. */
export interface RoomSettings {
  /** What the room is called. */
  readonly name?: string | undefined
  /** What it is for. */
  readonly description?: string | undefined
  /** The language, such as `en`. */
  readonly lang?: string | undefined
  /** Whether it outlives its last occupant. */
  readonly isPersistent?: boolean | undefined
  /** Whether it is listed. */
  readonly isPublic?: boolean | undefined
  /** Whether only members may enter. */
  readonly isMembersOnly?: boolean | undefined
  /** Whether only who has voice may speak. */
  readonly isModerated?: boolean | undefined
  /** Whether a password is asked for. */
  readonly isPasswordProtected?: boolean | undefined
  /** The password. */
  readonly password?: string | undefined
  /** How many may be there, or `none` for as many as come. */
  readonly maxOccupants?: string | undefined
  /** Who sees real addresses. */
  readonly whois?: 'moderators' | 'anyone' | undefined
  /** Whether occupants may change the subject. */
  readonly canChangeSubject?: boolean | undefined
  /** Whether members may invite. */
  readonly canInvite?: boolean | undefined
  /** Who may send private messages, such as `anyone`, `moderators`, `none`. */
  readonly privateMessages?: string | undefined
  /** Whether what is said is recorded for the public. */
  readonly isLogged?: boolean | undefined
}

type SettingName = keyof RoomSettings

/** The fields behind them (XEP-0045 §15.5.3). */
const fields: Readonly<Record<SettingName, string>> = {
  name: 'muc#roomconfig_roomname',
  description: 'muc#roomconfig_roomdesc',
  lang: 'muc#roomconfig_lang',
  isPersistent: 'muc#roomconfig_persistentroom',
  isPublic: 'muc#roomconfig_publicroom',
  isMembersOnly: 'muc#roomconfig_membersonly',
  isModerated: 'muc#roomconfig_moderatedroom',
  isPasswordProtected: 'muc#roomconfig_passwordprotectedroom',
  password: 'muc#roomconfig_roomsecret',
  maxOccupants: 'muc#roomconfig_maxusers',
  whois: 'muc#roomconfig_whois',
  canChangeSubject: 'muc#roomconfig_changesubject',
  canInvite: 'muc#roomconfig_allowinvites',
  privateMessages: 'muc#roomconfig_allowpm',
  isLogged: 'muc#roomconfig_enablelogging',
}

const names = Object.keys(fields) as readonly SettingName[]
const isFlag = (name: SettingName): boolean => /^(is|can)[A-Z]/.test(name)

/** Values by field name, for fields of the server's own. */
export type RoomFieldValues = Readonly<Record<string, FormValue>>

/** The configuration of a room as its owner sees it. */
export interface RoomConfiguration {
  /** What is set of the settings that everybody knows. */
  readonly settings: RoomSettings
  /** All of it, with labels and choices, for showing it to people. */
  readonly form: DataForm
}

/** Reads a form; what it does not have, or has in another shape, is left out. */
export function readSettings(form: DataForm): RoomSettings {
  const known = names.flatMap((name) => {
    const [text, ...more] = form.fields.find((each) => each.var === fields[name])?.values ?? []
    if (text === undefined || more.length > 0) return []
    const value = isFlag(name) ? bool.decode(text) : text
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(known)
}

/**
 * Answers a form with these settings; every other field keeps its value.
 *
 * @throws RangeError for a setting that the room does not offer
 */
export function fillSettings(form: DataForm, settings: RoomSettings, others: RoomFieldValues = {}): DataForm {
  const values: Record<string, FormValue> = { ...others }
  for (const name of names) {
    const value = settings[name]
    if (value !== undefined) values[fields[name]] = value
  }
  // Who asks for a password and does not say which keeps the one there is; one alone switches it on.
  if (settings.password !== undefined && settings.isPasswordProtected === undefined) {
    if (form.fields.some((each) => each.var === fields.isPasswordProtected)) values[fields.isPasswordProtected] = true
  }
  return fillForm(form, values)
}

/** The empty answer that takes all defaults (XEP-0045 §10.1.2). */
export const acceptDefaults: DataForm = { type: 'submit', instructions: [], fields: [], items: [] }
