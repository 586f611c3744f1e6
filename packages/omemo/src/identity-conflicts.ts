import { contactKind, unknownContact, withDevice } from './devices/contact-record.js'
import { contactScope } from './devices/device-directory.js'
import type { OmemoCore } from './omemo-core.js'
import type { DeviceAddress } from './omemo-event.js'
import { trustScope } from './sessions/trust-ledger.js'
import type { TrustLevel } from './trust/trust-record.js'

/** A device with the key that it has shown instead of the one it is known by. */
interface Shown extends DeviceAddress {
  readonly identityKey: Uint8Array
}

/** How many are remembered until the user decides. */
const mostShown = 1000

/** The user has said so, or somebody whose word counts. */
const isOnPurpose = (level: TrustLevel | undefined): boolean => level === 'trusted' || level === 'authenticated'

/**
 * Devices that have shown another identity key than before. Nothing takes its place by itself (OMEMO S7, S10), but a key that
 * was trusted on purpose does, of one that never was: whoever was first is not right by that.
 */
export class IdentityConflicts {
  readonly #core: OmemoCore
  readonly #shown = new Map<string, Shown>()

  constructor(core: OmemoCore) {
    this.#core = core
  }

  /** A device has shown another key. */
  async notice(shown: Shown): Promise<void> {
    const { trust, clock } = this.#core
    const { jid, deviceId, identityKey } = shown
    if (this.#shown.size >= mostShown) this.#shown.clear()
    this.#shown.set(`${jid}/${deviceId}`, shown)
    // Known from now on, so that it can be decided about.
    await trust.apply({ type: 'keys', jid, keys: [{ key: identityKey }], at: clock.now() })
    await this.#settle(shown)
  }

  /** Something was decided about keys of these accounts. */
  async settle(jids: ReadonlySet<string>): Promise<void> {
    for (const shown of [...this.#shown.values()]) if (jids.has(shown.jid)) await this.#settle(shown)
  }

  async #settle({ jid, deviceId, identityKey }: Shown): Promise<void> {
    const { store, trust, empties, versions } = this.#core
    const isAccepted = await store.transaction([contactScope(jid), trustScope], async (transaction) => {
      const contact = (await transaction.get(contactKind, jid)) ?? unknownContact
      const pinned = contact.devices.get(deviceId)?.identityKey
      if (!isOnPurpose(await trust.levelIn(transaction, jid, identityKey))) return false
      if (pinned !== undefined && isOnPurpose(await trust.levelIn(transaction, jid, pinned))) return false
      transaction.put(contactKind, jid, withDevice(contact, deviceId, { identityKey }))
      return true
    })
    if (!isAccepted) return
    this.#shown.delete(`${jid}/${deviceId}`)
    // Those there are were made with the other key.
    for (const { name } of versions) await empties.reset({ jid, deviceId, version: name })
  }
}
