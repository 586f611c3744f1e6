import type { Pep, PepNode } from '@couplet/pep'
import { define, readElement, type XmlElement, type XmlNode, xml } from '@couplet/stanza'
import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import { sign } from '../crypto/profile.js'
import type { EmitOmemoEvent } from '../omemo-event.js'
import { labelBytes } from '../trust/device-label.js'
import type { BundleValue, DeviceListValue, ListedDevice, Version } from '../wire/version.js'
import type { OwnKeys } from './account-record.js'
import type { OwnAccount, OwnDevice } from './own-account.js'
import { bundleOf } from './own-keys.js'

/** What is needed to announce this device. */
export interface AnnouncerParts {
  /** Where it is announced. */
  readonly pep: Pick<Pep, 'get' | 'node' | 'publish'>
  /** Who is announced. */
  readonly own: OwnAccount
  /** Signs. */
  readonly backend: CryptoBackend
  /** Where events go. */
  readonly emit: EmitOmemoEvent
}

/** How many of our other devices' bundles are looked after when ours is published. */
const siblingsChecked = 3

/** Announces this device in one version: first its bundle, then the list that names it (XEP-0384 §5.3). */
export class Announcer {
  readonly version: Version
  readonly #parts: AnnouncerParts
  /** The server cannot hold what this version needs, in this session. */
  #isUnsuitable = false

  /** The list as it was written: what cannot be read stays as it is when it is published again (OMEMO F7). */
  readonly #whole: PepNode<XmlElement>

  constructor(version: Version, parts: AnnouncerParts) {
    this.version = version
    this.#parts = parts
    const { devices } = version
    const { ns, tags } = devices.item
    const asIs = (list: XmlElement): XmlElement => list
    this.#whole = { ...devices, item: define(ns, tags, asIs, asIs) }
  }

  /** Whether the server can keep what this version needs, as far as was found out. */
  get isUnsuitable(): boolean {
    return this.#isUnsuitable
  }

  /** A new session begins: the server may be another one. */
  reset(): void {
    this.#isUnsuitable = false
  }

  /** Our own list as it is on the server; `undefined` if there is none. */
  list(): Promise<DeviceListValue | undefined> {
    return this.#parts.pep.get(this.version.devices)
  }

  /** Publishes the bundle if the server has another one, or none. Whether it is there. */
  async publishBundle(device: OwnDevice, keys: OwnKeys, siblings: readonly number[]): Promise<boolean> {
    const { pep, own, backend } = this.#parts
    const { version } = this
    const before = version.sharesBundleNode ? await this.#present(siblings.slice(0, siblingsChecked)) : new Set()
    const { node, itemId } = version.bundle(device.account.deviceId)
    const there = await pep.get(node, { id: itemId }).catch(() => undefined)
    if (there === undefined || !isSameBundle(there, this.#bundle(device, keys, there.signature))) {
      const bundle = bundleOf(backend, version, device.identity, keys)
      try {
        await pep.publish(node, bundle, { id: itemId, readBack: true })
      } catch (error) {
        return this.#refuse(error)
      }
      const after = await this.#present([...before] as number[])
      // A node of one item would have each device take the place of the others.
      if (after.size < before.size) return this.#refuse(new RangeError('the node of bundles holds one item only'))
    }
    await own.published(version.namespace, keys.revision)
    return true
  }

  /**
   * Puts this device on the list if it is not there, or has another label there. What other devices have written stays.
   *
   * @returns whether something was published
   */
  async publishList(device: OwnDevice): Promise<boolean> {
    const { pep, emit } = this.#parts
    const list = await pep.get(this.#whole)
    const entry = this.#entry(device)
    const listed = this.#read(list).find(({ id }) => id === entry.id)
    if (listed !== undefined && listed.label === entry.label) return false
    try {
      await pep.publish(this.#whole, this.#without(list, entry.id, [entry]))
    } catch (error) {
      return this.#refuse(error)
    }
    emit({ type: 'announced', version: this.version.name })
    return true
  }

  /** Takes this device off the list, then its bundle away (XEP-0384 §6). */
  async withdraw({ account }: OwnDevice): Promise<void> {
    const { pep } = this.#parts
    const list = await pep.get(this.#whole)
    if (this.#read(list).some(({ id }) => id === account.deviceId)) {
      await pep.publish(this.#whole, this.#without(list, account.deviceId, []))
    }
    const { node, itemId } = this.version.bundle(account.deviceId)
    const place = pep.node(node)
    await (this.version.sharesBundleNode ? place.retract(itemId) : place.owner.delete()).catch((error: unknown) => {
      if ((error as { readonly condition?: string }).condition !== 'item-not-found') throw error
    })
  }

  #read(list: XmlElement | undefined): readonly ListedDevice[] {
    const read = list && readElement(this.version.devices.item, list)
    return read?.ok ? read.value.devices : []
  }

  /** A list without a device, and with others at its end. */
  #without(list: XmlElement | undefined, id: number, added: readonly ListedDevice[]): XmlElement {
    const { item } = this.version.devices
    const { ns, name, children } = item.build({ devices: added })
    const isOther = (node: XmlNode): boolean =>
      typeof node === 'string' || !this.#read(xml(ns, name, {}, node)).some((each) => each.id === id)
    const attributes = Object.fromEntries(list?.attributes() ?? [])
    return xml(ns, name, attributes, ...(list?.children.filter(isOther) ?? []), ...children)
  }

  /** Which of these devices have a bundle in the node that all share. */
  async #present(ids: readonly number[]): Promise<Set<number>> {
    const found = new Set<number>()
    for (const id of ids) {
      const { node, itemId } = this.version.bundle(id)
      if ((await this.#parts.pep.get(node, { id: itemId }).catch(() => undefined)) !== undefined) found.add(id)
    }
    return found
  }

  #refuse(error: unknown): false {
    const { name } = error as { readonly name?: string }
    if (name !== 'PepError' && name !== 'StanzaError' && name !== 'RangeError') throw error
    this.#isUnsuitable = true
    this.#parts.emit({ type: 'server-unsuitable', version: this.version.name, error })
    return false
  }

  /** What would be published, with a signature that is there already: each one is different. */
  #bundle({ identity }: OwnDevice, keys: OwnKeys, signature: Uint8Array): BundleValue {
    const { profile } = this.version
    const signed = keys.signedPreKeys[0]
    return {
      signedPreKey: { id: signed?.id ?? 0, publicKey: profile.encodeKey(signed?.publicKey ?? new Uint8Array(32)) },
      signature,
      identityKey: profile.encodeIdentity(identity),
      preKeys: { keys: keys.preKeys.map(({ id, publicKey }) => ({ id, publicKey: profile.encodeKey(publicKey) })) },
    }
  }

  #entry({ account, identity }: OwnDevice): ListedDevice {
    const { label, deviceId: id } = account
    if (label === undefined || this.version.name === 'legacy') return { id }
    return { id, label, labelSignature: sign(this.#parts.backend, this.version.profile, identity, labelBytes(label)) }
  }
}

function isSameBundle(one: BundleValue, other: BundleValue): boolean {
  const [keys, others] = [one.preKeys.keys, other.preKeys.keys]
  return (
    equalBytes(one.identityKey, other.identityKey) &&
    one.signedPreKey.id === other.signedPreKey.id &&
    equalBytes(one.signedPreKey.publicKey, other.signedPreKey.publicKey) &&
    keys.length === others.length &&
    keys.every((key, index) => {
      const twin = others[index]
      return twin !== undefined && key.id === twin.id && equalBytes(key.publicKey, twin.publicKey)
    })
  )
}
