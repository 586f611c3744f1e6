import { base64, Jid } from '@couplet/stanza'
import { utf8Bytes } from '../crypto/bytes.js'
import { OmemoError } from '../omemo-error.js'
import { labelBytes } from '../trust/device-label.js'
import type { PendingTrust, TrustRecord, TrustWord } from '../trust/trust-record.js'
import { isDeviceId } from '../wire/ids.js'
import type { VersionName } from '../wire/version.js'

/** A device of somebody as it was known. */
export interface KnownInBackup {
  readonly deviceId: number
  /** Its identity key in the X25519 form. */
  readonly identityKey: Uint8Array
  /** The highest version it has spoken (OMEMO S9). */
  readonly version: VersionName | undefined
}

/** What was known of an account: its devices, and what was agreed on in the chat with it. */
export interface AccountInBackup {
  readonly jid: string
  readonly devices: readonly KnownInBackup[]
  readonly isRequired: boolean
  readonly isOptedOut: boolean
  readonly isWritten: boolean
}

/** What a backup holds. No session and no prekey: an old state of these is worse than none (OMEMO F4). */
export interface BackupContent {
  /** The account, a bare JID. */
  readonly account: string
  readonly deviceId: number
  /** The private scalar of the identity. */
  readonly privateKey: Uint8Array
  readonly signBit: 0 | 1
  readonly label: string | undefined
  /** Absent if only the identity was wanted. */
  readonly trust: { readonly records: readonly TrustRecord[]; readonly pending: readonly PendingTrust[] } | undefined
  readonly accounts: readonly AccountInBackup[]
}

type Fields = Readonly<Record<string, unknown>>

/** As JSON. The bytes are secret. */
export function encodeContent({ privateKey, accounts, ...rest }: BackupContent): Uint8Array {
  const json = {
    ...rest,
    key: base64.encode(privateKey),
    accounts: accounts.map(({ devices, ...account }) => ({
      ...account,
      devices: devices.map(({ deviceId, identityKey, version }) => [deviceId, base64.encode(identityKey), version]),
    })),
  }
  return utf8Bytes(JSON.stringify(json))
}

/**
 * Reads the content of a backup that was opened. Who has written it knew the passphrase, which does not make it right: a
 * record that cannot be is left out, and nothing is restored without an identity.
 *
 * @throws OmemoError `bad-backup`
 */
export function decodeContent(bytes: Uint8Array): BackupContent {
  const json = fieldsOf(parse(bytes))
  const [account, privateKey] = [bareJid(json.account), keyOf(json.key)]
  const { deviceId, signBit, label } = json
  if (account === undefined || privateKey === undefined) throw new OmemoError('bad-backup')
  if (typeof deviceId !== 'number' || !isDeviceId(deviceId)) throw new OmemoError('bad-backup')
  if (signBit !== 0 && signBit !== 1) throw new OmemoError('bad-backup')
  const trust = json.trust === undefined ? undefined : fieldsOf(json.trust)
  return {
    account,
    deviceId,
    privateKey,
    signBit,
    label: labelOf(label),
    trust: trust && {
      records: listOf(trust.records).flatMap(recordOf),
      pending: listOf(trust.pending).flatMap(pendingOf),
    },
    accounts: listOf(json.accounts).flatMap(accountOf),
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The text of that error would quote what is secret.
    throw new OmemoError('bad-backup')
  }
}

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : [])

function bareJid(value: unknown): string | undefined {
  const jid = typeof value === 'string' ? Jid.tryParse(value) : undefined
  return jid?.isBare() ? jid.toString() : undefined
}

function keyOf(value: unknown): Uint8Array | undefined {
  const key = typeof value === 'string' ? base64.decode(value) : undefined
  return key?.length === 32 ? key : undefined
}

function labelOf(value: unknown): string | undefined {
  try {
    return typeof value === 'string' && labelBytes(value).length > 0 ? value : undefined
  } catch {
    return undefined // nobody would show it
  }
}

const levels: readonly unknown[] = ['undecided', 'blind', 'trusted', 'authenticated', 'distrusted']
const deciders: readonly unknown[] = ['policy', 'user', 'trust-message']
const isTime = (value: unknown): value is number => Number.isFinite(value)

function wordOf(value: unknown): TrustWord | undefined {
  const { level, at, by } = fieldsOf(value)
  if (!levels.includes(level) || level === 'blind' || !isTime(at) || by === 'policy' || !deciders.includes(by)) {
    return undefined
  }
  return { level, at, by } as TrustWord
}

function recordOf({ jid, key, level, by, own, contact, ed25519, verifiedOnce }: Fields): TrustRecord[] {
  const account = bareJid(jid)
  if (account === undefined || keyOf(key) === undefined || !levels.includes(level) || !deciders.includes(by)) return []
  const [ownWord, contactWord] = [wordOf(own), wordOf(contact)]
  const record = { jid: account, key, level, by } as TrustRecord
  return [
    {
      ...record,
      ...(ownWord && { own: ownWord }),
      ...(contactWord && { contact: contactWord }),
      ...(keyOf(ed25519) && { ed25519: ed25519 as string }),
      ...(verifiedOnce === true && { verifiedOnce }),
    },
  ]
}

function pendingOf({ owner, keys, trust, time, sender }: Fields): PendingTrust[] {
  const account = bareJid(owner)
  const names = Array.isArray(keys) ? keys.filter((key) => keyOf(key) !== undefined) : []
  if (account === undefined || names.length === 0 || names.length > 2) return []
  if (typeof trust !== 'boolean' || !isTime(time)) return []
  const decision = { owner: account, keys: names as string[], trust, time }
  if (sender === undefined) return [decision]
  const { jid, key } = fieldsOf(sender)
  const author = bareJid(jid)
  return author === undefined || keyOf(key) === undefined
    ? []
    : [{ ...decision, sender: { jid: author, key: key as string } }]
}

function accountOf({ jid, devices, isRequired, isOptedOut, isWritten }: Fields): AccountInBackup[] {
  const account = bareJid(jid)
  if (account === undefined) return []
  const known = (Array.isArray(devices) ? devices : []).flatMap((each: unknown): KnownInBackup[] => {
    const [deviceId, key, version] = Array.isArray(each) ? (each as unknown[]) : []
    const identityKey = keyOf(key)
    if (typeof deviceId !== 'number' || !isDeviceId(deviceId) || identityKey === undefined) return []
    return [{ deviceId, identityKey, version: version === 'omemo2' || version === 'legacy' ? version : undefined }]
  })
  return [
    {
      jid: account,
      devices: known,
      isRequired: isRequired === true,
      isOptedOut: isOptedOut === true,
      isWritten: isWritten === true,
    },
  ]
}
