import { base64 } from '@couplet/stanza'
import type { RecordKind } from '../store/record-kind.js'
import type { VersionName } from '../wire/version.js'

/** A list as it was last seen. */
export interface KnownList {
  /** The devices on it. */
  readonly ids: readonly number[]
  /** When, in milliseconds. */
  readonly at: number
}

/** What is remembered of a device, also when it is not announced any more. */
export interface KnownDevice {
  /** Its identity key in the X25519 form, once it was seen in a checked bundle or an authentic message. */
  readonly identityKey?: Uint8Array | undefined
  /** The highest version it has spoken or was announced for (OMEMO S9). */
  readonly version?: VersionName | undefined
  /** What its user calls it, according to a list that anybody may have written. */
  readonly label?: string | undefined
  /** What proves it, once the identity key is known. */
  readonly labelSignature?: Uint8Array | undefined
}

/** What is remembered of an account. */
export interface Contact {
  /** Its lists by version; absent if none was ever seen. */
  readonly lists: Readonly<Partial<Record<VersionName, KnownList>>>
  /** Its devices by id. */
  readonly devices: ReadonlyMap<number, KnownDevice>
}

/** Of whom nothing is known. */
export const unknownContact: Contact = { lists: {}, devices: new Map() }

type Text = string | null
type DeviceJson = readonly [id: number, key: Text, version: VersionName | null, label: Text, signature: Text]

/** The record of an account's devices; its key is the bare JID. */
export const contactKind: RecordKind<Contact> = {
  name: 'contact',
  version: 1,
  toJson: ({ lists, devices }) => ({
    lists,
    devices: [...devices].map(
      ([id, { identityKey, version, label, labelSignature }]): DeviceJson => [
        id,
        identityKey === undefined ? null : base64.encode(identityKey),
        version ?? null,
        label ?? null,
        labelSignature === undefined ? null : base64.encode(labelSignature),
      ],
    ),
  }),
  fromJson: ({ lists, devices }: { readonly lists: Contact['lists']; readonly devices: readonly DeviceJson[] }) => ({
    lists,
    devices: new Map(
      devices.map(([id, key, version, label, signature]) => [
        id,
        {
          identityKey: key === null ? undefined : base64.decode(key),
          version: version ?? undefined,
          label: label ?? undefined,
          labelSignature: signature === null ? undefined : base64.decode(signature),
        },
      ]),
    ),
  }),
}

/** With a device changed. */
export function withDevice(contact: Contact, id: number, change: KnownDevice): Contact {
  return { ...contact, devices: new Map(contact.devices).set(id, { ...contact.devices.get(id), ...change }) }
}

/** The devices that are announced in any of these versions, in order. */
export function announcedIds({ lists }: Contact, versions: readonly VersionName[]): readonly number[] {
  return [...new Set(versions.flatMap((version) => lists[version]?.ids ?? []))]
}
