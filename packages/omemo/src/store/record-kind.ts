import type { StateRecord } from '@couplet/client'
import { base64 } from '@couplet/stanza'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8Bytes } from '../crypto/bytes.js'
import { OmemoError } from '../omemo-error.js'

/** A kind of record: what it is called in the store, and how it becomes JSON and comes back. */
export interface RecordKind<T> {
  /** What its keys begin with. */
  readonly name: string
  /** Of the shape of its JSON. */
  readonly version: number
  /** To JSON; bytes are base64. */
  toJson(value: T): unknown
  /** From JSON of this version. */
  fromJson(json: never): T
  /** From the JSON of an older version to that of the next. */
  readonly upgrades?: Readonly<Record<number, (json: never) => unknown>>
}

/** The key of a record. */
export const recordKey = ({ name }: { readonly name: string }, key: string): string =>
  key === '' ? name : `${name}/${key}`

const sumOf = (text: string): string => base64.encode(sha256(utf8Bytes(text)).subarray(0, 9))

/** A record with a checksum: what a disk has changed is not taken for a key. */
export function sealRecord<T>(kind: RecordKind<T>, value: T): StateRecord {
  const data = JSON.stringify(kind.toJson(value))
  return { version: kind.version, value: { data, sum: sumOf(data) } }
}

/**
 * Reads a record, an old one through its upgrades.
 *
 * @throws OmemoError `newer-record` for one that a later release has written, which must not be overwritten; and
 * `corrupt-record`
 */
export function openRecord<T>(kind: RecordKind<T>, { version, value }: StateRecord): T {
  if (version > kind.version) throw new OmemoError('newer-record')
  const { data, sum } = (value ?? {}) as { readonly data?: unknown; readonly sum?: unknown }
  if (typeof data !== 'string' || sumOf(data) !== sum) throw new OmemoError('corrupt-record')
  let json: unknown = JSON.parse(data)
  for (let from = version; from < kind.version; from++) {
    const upgrade = kind.upgrades?.[from]
    if (upgrade === undefined) throw new OmemoError('corrupt-record')
    json = upgrade(json as never)
  }
  return kind.fromJson(json as never)
}
