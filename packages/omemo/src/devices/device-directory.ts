import type { CallOptions } from '@couplet/client'
import type { Pep } from '@couplet/pep'
import type { EmitOmemoEvent } from '../omemo-event.js'
import type { OmemoStore } from '../store/omemo-store.js'
import type { DeviceListValue, ListedDevice, Version, VersionName } from '../wire/version.js'
import type { Clock } from './clock.js'
import { announcedIds, type Contact, contactKind, unknownContact } from './contact-record.js'

/** What the directory works with. */
export interface DirectoryParts {
  /** Where lists are. */
  readonly pep: Pick<Pep, 'get'>
  /** Where what is known is kept. */
  readonly store: OmemoStore
  /** The versions in use. */
  readonly versions: readonly Version[]
  /** Time. */
  readonly clock: Clock
  /** Whether anybody can be asked now. */
  readonly isOnline: () => boolean
  /** Where events go. */
  readonly emit: EmitOmemoEvent
  /** The most devices of one account (OMEMO S8). */
  readonly mostDevices: number
}

/** What looking for somebody's devices has come to. */
export interface Lookup {
  /** What is known now. */
  readonly contact: Contact
  /** Why a list could not be fetched. */
  readonly errors: readonly unknown[]
}

/** The scope of an account's devices in the store. */
export const contactScope = (jid: string): string => `contact ${jid}`

/** How long it counts that an account has no devices, in milliseconds: it may have some soon, and would not tell a stranger. */
const nothingCounts = 60_000
/** Milliseconds for which a list counts of an account that may not tell us of a new device. */
const listCounts = 3_600_000

/** How many devices are looked for in a session because they write without being listed. */
const mostMissed = 1000

/** Which devices accounts have: what they announce, kept over sessions and restarts. Knows nothing of trust. */
export class DeviceDirectory {
  readonly #parts: DirectoryParts
  /** Whose lists were read in this session, and until when that counts. */
  readonly #fresh = new Map<string, number>()
  readonly #running = new Map<string, Promise<Lookup>>()
  /** Devices that have written and were looked for. */
  readonly #missed = new Set<string>()

  constructor(parts: DirectoryParts) {
    this.#parts = parts
  }

  /** What is known of an account. */
  async of(jid: string): Promise<Contact> {
    return (await this.#parts.store.read(contactKind, jid)) ?? unknownContact
  }

  /** The same, after its lists were read once in this session. */
  async ensure(jid: string, options: CallOptions = {}): Promise<Lookup> {
    const isFresh = (this.#fresh.get(jid) ?? 0) > this.#parts.clock.now()
    if (!isFresh && this.#parts.isOnline()) return this.refresh(jid, options)
    return { contact: await this.of(jid), errors: [] }
  }

  /** Whether an account was ever asked about, or has written: of others nothing is kept that they announce by themselves. */
  async knows(jid: string): Promise<boolean> {
    return this.#fresh.has(jid) || (await this.of(jid)) !== unknownContact
  }

  /** Reads the lists of an account. What cannot be read, or is not there, takes nothing away (OMEMO F11). */
  refresh(jid: string, options: CallOptions = {}): Promise<Lookup> {
    const running = this.#running.get(jid)
    if (running !== undefined && options.signal === undefined) return running
    const started = this.#refresh(jid, options).finally(() => {
      if (this.#running.get(jid) === started) this.#running.delete(jid)
    })
    this.#running.set(jid, started)
    return started
  }

  /** Reads the lists again for a device that is not on them, once in this session: strangers tell us nothing by themselves. */
  async lookFor(jid: string, deviceId: number): Promise<void> {
    const name = `${jid}/${deviceId}`
    if (this.#missed.has(name) || this.#missed.size >= mostMissed) return
    this.#missed.add(name)
    await this.refresh(jid)
  }

  /** Somebody has written from a device: whoever answers looks for it first if it is on no list that we know. */
  async noticeWriter(jid: string, deviceId: number): Promise<void> {
    if (!this.#fresh.has(jid) || this.#missed.has(`${jid}/${deviceId}`)) return
    if (!isListed(await this.of(jid), deviceId)) this.#fresh.set(jid, 0)
  }

  /** A new session begins: who has not subscribed to us has told us nothing meanwhile. */
  forgetFreshness(): void {
    this.#fresh.clear()
    this.#missed.clear()
  }

  /** Takes a list that somebody has announced. */
  async take(jid: string, version: VersionName, { devices }: DeviceListValue): Promise<Contact> {
    const { store, clock, emit, mostDevices } = this.#parts
    const ids = [...new Set(devices.map(({ id }) => id))]
    if (ids.length > mostDevices) emit({ type: 'too-many-devices', jid, count: ids.length })
    const { before, after } = await store.transaction([contactScope(jid)], async (tx) => {
      const known = (await tx.get(contactKind, jid)) ?? unknownContact
      const list = { ids: capped(ids, known, mostDevices), at: clock.now() }
      const lists = { ...known.lists, [version]: list }
      const next = { lists, devices: devicesOf(known, lists, devices, version) }
      if (sameIds(known.lists[version]?.ids, list.ids) && sameLabels(known, next))
        return { before: known, after: known }
      tx.put(contactKind, jid, next)
      return { before: known, after: next }
    })
    this.#report(jid, before, after)
    return after
  }

  async #refresh(jid: string, { signal }: CallOptions): Promise<Lookup> {
    const { pep, versions, clock } = this.#parts
    const lists = await Promise.allSettled(versions.map(({ devices }) => pep.get(devices, { from: jid, signal })))
    signal?.throwIfAborted()
    const errors: unknown[] = []
    for (const [index, list] of lists.entries()) {
      const version = versions[index] as Version
      if (list.status === 'rejected') errors.push(list.reason)
      else if (list.value !== undefined) await this.take(jid, version.name, list.value)
    }
    const contact = await this.of(jid)
    const isThere = Object.values(contact.lists).some(({ ids }) => ids.length > 0)
    if (errors.length === 0) this.#fresh.set(jid, clock.now() + (isThere ? listCounts : nothingCounts))
    return { contact, errors }
  }

  #report(jid: string, before: Contact, after: Contact): void {
    if (before === after) return
    const names = this.#parts.versions.map(({ name }) => name)
    const [were, are] = [new Set(announcedIds(before, names)), new Set(announcedIds(after, names))]
    for (const deviceId of are) {
      // Also one that has written before it was announced, or is announced again: somebody wants it to be written to.
      if (!were.has(deviceId)) this.#parts.emit({ type: 'device-added', jid, deviceId })
    }
    for (const deviceId of were) {
      if (!are.has(deviceId)) this.#parts.emit({ type: 'device-inactive', jid, deviceId })
    }
  }
}

/** Whether a device is on a list of its account. */
export const isListed = ({ lists }: Contact, deviceId: number): boolean =>
  Object.values(lists).some(({ ids }) => ids.includes(deviceId))

/** Those that are known come first: whoever adds ten thousand does not push the others out. */
function capped(ids: readonly number[], { devices }: Contact, most: number): readonly number[] {
  if (ids.length <= most) return ids
  const kept = new Set([...ids.filter((id) => devices.has(id)), ...ids].slice(0, ids.length))
  return [...kept].slice(0, most)
}

/**
 * What has neither been heard of nor is announced any more is forgotten: ids can be made up for ever. What was announced for
 * omemo:2 once is remembered as such (OMEMO S9).
 */
function devicesOf(
  known: Contact,
  lists: Contact['lists'],
  listed: readonly ListedDevice[],
  version: VersionName,
): Contact['devices'] {
  const announced = new Set(Object.values(lists).flatMap(({ ids }) => ids))
  const devices = new Map([...known.devices].filter(([id, device]) => announced.has(id) || device.identityKey))
  for (const id of announced) if (!devices.has(id)) devices.set(id, {})
  const newest = version === 'omemo2' ? (lists[version]?.ids ?? []) : []
  for (const id of newest) devices.set(id, { ...devices.get(id), version })
  for (const { id, label, labelSignature } of listed) {
    const device = devices.get(id)
    if (device === undefined || label === undefined || label.length > longestLabel) continue
    devices.set(id, { ...device, label, labelSignature })
  }
  return devices
}

/** Longer ones are not even remembered. */
const longestLabel = 500

const sameLabels = (one: Contact, other: Contact): boolean =>
  [...other.devices].every(([id, { label }]) => one.devices.get(id)?.label === label)

const sameIds = (one: readonly number[] | undefined, other: readonly number[]): boolean =>
  one !== undefined && one.length === other.length && one.every((id, index) => id === other[index])
