import type { CallOptions } from '@couplet/client'
import { Jid } from '@couplet/stanza'
import { ed25519FromCurve } from './crypto/identity.js'
import { verifySignature } from './crypto/xeddsa.js'
import type { Contact } from './devices/contact-record.js'
import type { OmemoCore } from './omemo-core.js'
import { type SignedLabel, type VerifySignature, verifiedLabel } from './trust/device-label.js'
import { fingerprint } from './trust/fingerprint.js'
import { keyName, type TrustLevel } from './trust/trust-record.js'
import type { VersionName } from './wire/version.js'

/** What is known of a device. */
export interface DeviceInfo {
  /** The bare JID of its account. */
  readonly jid: string
  /** Its id. */
  readonly deviceId: number
  /** The versions it is announced for. */
  readonly versions: readonly VersionName[]
  /** Whether it is announced now. */
  readonly isActive: boolean
  /** Its identity key in the X25519 form; absent until its bundle was read or it has written. */
  readonly identityKey: Uint8Array | undefined
  /** That key for people, in groups of eight digits. */
  readonly fingerprint: string | undefined
  /** How far the key is trusted. */
  readonly trust: TrustLevel
  /** What its user calls it. */
  readonly label: string | undefined
}

/** What is known of devices, for people. */
export class Devices {
  readonly #core: OmemoCore

  constructor(core: OmemoCore) {
    this.#core = core
  }

  /** This device. */
  async self(): Promise<DeviceInfo> {
    const { own, context, versions } = this.#core
    const { account, identity } = await own.get()
    return {
      jid: context.account.toString(),
      deviceId: account.deviceId,
      versions: versions.map(({ name }) => name),
      isActive: true,
      identityKey: identity.publicKey,
      fingerprint: fingerprint(identity.publicKey),
      trust: 'authenticated',
      label: account.label,
    }
  }

  /** Those of an account, without this one. */
  async of(address: Jid | string, options: CallOptions = {}): Promise<readonly DeviceInfo[]> {
    const jid = bare(address)
    const { directory, versions, trust, own, context } = this.#core
    const { contact } = await directory.ensure(jid, options)
    const shown = await this.#shownKeys(jid, contact, options)
    const levels = await trust.known(jid)
    const device = jid === context.account.toString() ? await own.find() : undefined
    const self = device?.account.deviceId
    // A device that was restored from the same backup.
    const ownName = device && keyName(device.identity.publicKey)
    return [...contact.devices].flatMap(([deviceId, { identityKey: pinned, label, labelSignature }]): DeviceInfo[] => {
      if (deviceId === self) return []
      const identityKey = pinned ?? shown.get(deviceId)
      const announced = versions.filter(({ name }) => contact.lists[name]?.ids.includes(deviceId))
      const name = identityKey && keyName(identityKey)
      return [
        {
          jid,
          deviceId,
          versions: announced.map((version) => version.name),
          isActive: announced.length > 0,
          identityKey,
          fingerprint: identityKey && fingerprint(identityKey),
          trust: name === ownName ? 'authenticated' : (levels.get(name ?? '') ?? 'undecided'),
          label: identityKey && this.#label(identityKey, { label, labelsig: labelSignature }),
        },
      ]
    })
  }

  /** XEP-0384 §5.3.1: without a valid signature there is no label. The X25519 form of a key does not tell the sign of the other. */
  #label(identityKey: Uint8Array, label: SignedLabel): string | undefined {
    const verify: VerifySignature = (key, text, signature) => verifySignature(this.#core.backend, key, text, signature)
    for (const sign of [0, 1] as const) {
      const shown = verifiedLabel(label, ed25519FromCurve(identityKey, sign), verify)
      if (shown !== undefined) return shown
    }
    return undefined
  }

  /** The keys of devices that were never written to, from their bundles: nobody can compare what is not shown. */
  async #shownKeys(
    jid: string,
    { devices }: Contact,
    { signal }: CallOptions,
  ): Promise<ReadonlyMap<number, Uint8Array>> {
    const { audience, own, context } = this.#core
    const isKnown = [...devices.values()].every(({ identityKey }) => identityKey !== undefined)
    const deviceId = (await own.find())?.account.deviceId
    if (isKnown || deviceId === undefined) return new Map()
    const self = { jid: context.account.toString(), deviceId }
    const { recipients, excluded } = await audience.find([jid], { self, signal })
    return new Map([...recipients, ...excluded].map((each) => [each.deviceId, each.identityKey]))
  }

  /** Lets the next message begin other sessions. */
  async resetSessions(address: Jid | string, deviceId?: number): Promise<void> {
    const jid = bare(address)
    const { directory, versions, empties } = this.#core
    const { devices } = await directory.of(jid)
    const ids = deviceId === undefined ? [...devices.keys()] : [deviceId]
    for (const id of ids) {
      for (const { name } of versions) await empties.reset({ jid, deviceId: id, version: name })
    }
  }
}

const bare = (jid: Jid | string): string => (typeof jid === 'string' ? Jid.parse(jid) : jid).bare.toString()
