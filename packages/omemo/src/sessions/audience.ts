import type { CallOptions } from '@couplet/client'
import { announcedIds } from '../devices/contact-record.js'
import type { DeviceDirectory } from '../devices/device-directory.js'
import { OmemoError } from '../omemo-error.js'
import type { EmitOmemoEvent } from '../omemo-event.js'
import { mayEncryptFor, type TrustLevel } from '../trust/trust-record.js'
import type { Version } from '../wire/version.js'
import type { DeviceProblem, Recipient, RecipientFinder } from './recipient.js'
import type { TrustLedger } from './trust-ledger.js'

/** A device that is left out because of its key. */
export interface ExcludedDevice {
  /** The bare JID of its account. */
  readonly jid: string
  /** Its id. */
  readonly deviceId: number
  /** What is thought of its key. */
  readonly reason: Exclude<TrustLevel, 'blind' | 'trusted' | 'authenticated'>
  /** Its key in the X25519 form, for a decision. */
  readonly identityKey: Uint8Array
}

/** Who will be able to read a message, and who will not. */
export interface Audience {
  readonly recipients: readonly Recipient[]
  readonly excluded: readonly ExcludedDevice[]
  readonly errors: readonly DeviceProblem[]
}

/** What finding an audience works with. */
export interface AudienceParts {
  readonly directory: DeviceDirectory
  readonly finder: RecipientFinder
  readonly trust: TrustLedger
  readonly versions: readonly Version[]
  readonly emit: EmitOmemoEvent
}

/** Which devices, apart from all of some accounts. */
export interface AudienceOptions extends CallOptions {
  /** The own account and the device that is not written to. */
  readonly self: { readonly jid: string; readonly deviceId: number }
  /** Writes in this version to all who are announced in it. */
  readonly only?: Version | undefined
}

/** How many devices are asked about at the same time. */
const atOnce = 8

/** Finds the devices of accounts, and those among them that may be written to. One that fails does not stop the others. */
export class AudienceFinder {
  readonly #parts: AudienceParts

  constructor(parts: AudienceParts) {
    this.#parts = parts
  }

  /** The devices of these accounts. */
  async find(jids: readonly string[], options: AudienceOptions): Promise<Audience> {
    const { directory, versions } = this.#parts
    const names = versions.map(({ name }) => name)
    const errors: DeviceProblem[] = []
    const wanted: { jid: string; deviceId: number }[] = []
    const lookups = await inGroups(jids, (jid) => directory.ensure(jid, options))
    for (const [index, { contact, errors: failures }] of lookups.entries()) {
      const jid = jids[index] as string
      const ids = announcedIds(contact, names).filter((id) => jid !== options.self.jid || id !== options.self.deviceId)
      wanted.push(...ids.map((deviceId) => ({ jid, deviceId })))
      // Behind a list that could not be read there may be devices, whatever another list has (OMEMO F10, F15).
      errors.push(...failures.map((error) => ({ jid, deviceId: undefined, error })))
      if (ids.length > 0 || failures.length > 0 || jid === options.self.jid) continue
      errors.push({ jid, deviceId: undefined, error: new OmemoError('no-devices') })
    }
    const found: Recipient[] = []
    await inGroups(wanted, async ({ jid, deviceId }) => {
      try {
        found.push(await this.#findOne(jid, deviceId, options))
      } catch (error) {
        options.signal?.throwIfAborted()
        errors.push({ jid, deviceId, error })
      }
    })
    return { ...(await this.#trusted(found)), errors }
  }

  async #findOne(jid: string, deviceId: number, { only, signal }: AudienceOptions): Promise<Recipient> {
    const contact = await this.#parts.directory.of(jid)
    const isAnnounced = only !== undefined && contact.lists[only.name]?.ids.includes(deviceId)
    return this.#parts.finder.find(jid, deviceId, contact, { signal, only: isAnnounced ? only : undefined })
  }

  /** Trust comes before everything that is said (XEP-0384 §8). */
  async #trusted(found: readonly Recipient[]): Promise<Pick<Audience, 'recipients' | 'excluded'>> {
    const recipients: Recipient[] = []
    const excluded: ExcludedDevice[] = []
    for (const jid of new Set(found.map((each) => each.jid))) {
      const devices = found.filter((each) => each.jid === jid)
      const seen = devices.map(({ identityKey: key, ed25519 }) => ({ key, ed25519 }))
      const levels = await this.#parts.trust.levels(jid, seen)
      for (const [index, device] of devices.entries()) {
        const level = levels[index] ?? 'undecided'
        const { deviceId, identityKey } = device
        if (mayEncryptFor(level)) recipients.push(device)
        else excluded.push({ jid, deviceId, identityKey, reason: level === 'distrusted' ? level : 'undecided' })
        if (level === 'undecided') this.#parts.emit({ type: 'trust-needed', jid, deviceId, identityKey })
      }
    }
    return { recipients, excluded }
  }
}

/** Does something for all, a few at the same time. */
async function inGroups<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const index = next++
      results[index] = await work(all[index] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker))
  return results
}
