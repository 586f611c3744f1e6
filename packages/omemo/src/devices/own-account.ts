import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import type { IdentityKeyPair } from '../crypto/identity.js'
import { OmemoError } from '../omemo-error.js'
import { forgetSessions } from '../sessions/forget-sessions.js'
import { trustScope } from '../sessions/trust-ledger.js'
import type { OmemoStore, Transaction } from '../store/omemo-store.js'
import type { RecordKind } from '../store/record-kind.js'
import { LARGEST_ID } from '../wire/ids.js'
import { type Account, accountKind, type OwnKeys, ownKeysKind } from './account-record.js'
import type { Clock } from './clock.js'
import { identityOf, isRotationDue, newOwnKeys, preKeyCount, refilled, rotated } from './own-keys.js'

/** The scope of our own keys in the store. */
export const accountScope = 'account'

/** This device with its keys. */
export interface OwnDevice {
  /** Its record. */
  readonly account: Account
  /** Its identity in all forms. */
  readonly identity: IdentityKeyPair
}

/** That the user does not want this device to be announced, also after it is gone. */
const disabledKind: RecordKind<true> = { name: 'disabled', version: 1, toJson: (value) => value, fromJson: () => true }

/** This device and its keys in the store, which other tabs and processes may change as well. */
export class OwnAccount {
  readonly #store: OmemoStore
  readonly #backend: CryptoBackend
  readonly #clock: Clock
  #device: OwnDevice | undefined

  constructor(store: OmemoStore, backend: CryptoBackend, clock: Clock) {
    this.#store = store
    this.#backend = backend
    this.#clock = clock
  }

  /** This device, if it was made before. @param tx in a transaction: that one */
  async find(tx?: Transaction): Promise<OwnDevice | undefined> {
    const account = await (tx === undefined ? this.#store.read(accountKind) : tx.get(accountKind))
    return account && this.#remember(account)
  }

  /** This device. @param tx in a transaction: that one @throws OmemoError `no-devices` if none was made */
  async get(tx?: Transaction): Promise<OwnDevice> {
    const device = await this.find(tx)
    if (device === undefined) throw new OmemoError('no-devices')
    return device
  }

  /**
   * This device, made if there is none.
   *
   * @param taken ids that other devices of the account have, in any version (XEP-0384 §6)
   */
  async create(taken: ReadonlySet<number>, label: string | undefined): Promise<OwnDevice> {
    const account = await this.#store.transaction([accountScope], async (tx) => {
      const known = await tx.get(accountKind)
      if (known !== undefined) return known
      const made: Account = {
        deviceId: this.#newId(taken),
        privateKey: this.#backend.randomBytes(32),
        signBit: 0,
        label,
      }
      tx.put(accountKind, '', made)
      tx.put(ownKeysKind, '', await newOwnKeys(this.#backend, this.#clock.now()))
      return made
    })
    return this.#remember(account)
  }

  /** The same identity as another device, with new keys: the old sessions are of no use to it (OMEMO F8). */
  async renumber(taken: ReadonlySet<number>): Promise<OwnDevice> {
    const account = await this.#store.transaction([accountScope, trustScope], async (tx) => {
      const { account: old } = await this.get(tx)
      const made = { ...old, deviceId: this.#newId(new Set([...taken, old.deviceId])) }
      await forgetSessions(tx, old.deviceId)
      await this.#put(tx, made)
      return made
    })
    return this.#remember(account)
  }

  /**
   * Makes this device from a backup, with new prekeys: those of the backup may have been used since (OMEMO F4). In a
   * transaction on {@link accountScope}.
   *
   * @param deviceId absent for a new one, which is none of `taken`
   * @throws OmemoError `device-exists`
   */
  async restore(
    tx: Transaction,
    backup: Omit<Account, 'deviceId'>,
    deviceId: number | undefined,
    taken: ReadonlySet<number>,
  ): Promise<void> {
    if ((await tx.get(accountKind)) !== undefined) throw new OmemoError('device-exists')
    await this.#put(tx, { ...backup, deviceId: deviceId ?? this.#newId(taken) })
    tx.delete(disabledKind, '')
  }

  /** Forgets the identity, all prekeys and all sessions; what others have of them is of no use any more. */
  async destroy(): Promise<void> {
    await this.#store.transaction([accountScope, trustScope], async (tx) => {
      const device = await this.find(tx)
      if (device !== undefined) await forgetSessions(tx, device.account.deviceId)
      tx.delete(accountKind, '')
      tx.delete(ownKeysKind, '')
    })
    this.#device = undefined
  }

  /** Whether the user wants it to be announced no more: then only the user can want it again. */
  async isDisabled(): Promise<boolean> {
    return (await this.#store.read(disabledKind)) !== undefined
  }

  /** Remembers what the user wants. */
  async setDisabled(isDisabled: boolean): Promise<void> {
    if ((await this.isDisabled()) === isDisabled) return
    await this.#store.transaction([accountScope], async (tx) => {
      if (isDisabled) tx.put(disabledKind, '', true)
      else tx.delete(disabledKind, '')
    })
  }

  async #put(tx: Transaction, account: Account): Promise<void> {
    // An id must not name another key than it did, and nobody knows any more which were used.
    const [a = 0, b = 0, c = 0] = this.#backend.randomBytes(3)
    const first = 1 + ((a << 16) | (b << 8) | c)
    tx.put(accountKind, '', account)
    tx.put(ownKeysKind, '', await newOwnKeys(this.#backend, this.#clock.now(), first))
  }

  /** Our prekeys. */
  async keys(): Promise<OwnKeys> {
    const keys = await this.#store.read(ownKeysKind)
    if (keys === undefined) throw new OmemoError('no-devices')
    return keys
  }

  /** Does what is due: another signed prekey each week, and as many prekeys as a bundle should have. */
  maintain(): Promise<OwnKeys> {
    return this.#change((keys) => {
      const now = this.#clock.now()
      const turned = isRotationDue(keys, now) ? rotated(this.#backend, keys, now) : keys
      return refilled(this.#backend, turned, preKeyCount)
    })
  }

  /** Makes another signed prekey, due or not. */
  rotate(): Promise<OwnKeys> {
    return this.#change((keys) => rotated(this.#backend, keys, this.#clock.now()))
  }

  /** Nobody needs these prekeys any more that were used: a bundle without them is published. */
  forgetRetained(ids: ReadonlySet<number>): Promise<OwnKeys> {
    return this.#change((keys) => {
      const retained = keys.retained.filter(({ id }) => !ids.has(id))
      return retained.length === keys.retained.length ? keys : { ...keys, retained }
    })
  }

  /** Remembers what was published. */
  async published(namespace: string, revision: number): Promise<void> {
    await this.#change((keys) => ({ ...keys, published: { ...keys.published, [namespace]: revision } }))
  }

  #change(change: (keys: OwnKeys) => OwnKeys | Promise<OwnKeys>): Promise<OwnKeys> {
    return this.#store.transaction([accountScope], async (tx: Transaction) => {
      const keys = await tx.get(ownKeysKind)
      if (keys === undefined) throw new OmemoError('no-devices')
      const changed = await change(keys)
      if (changed !== keys) tx.put(ownKeysKind, '', changed)
      return changed
    })
  }

  #remember(account: Account): OwnDevice {
    const known = this.#device
    if (known?.account === account) return known
    // Both forms of the key cost more than a message.
    const isSame = known !== undefined && equalBytes(known.account.privateKey, account.privateKey)
    this.#device = { account, identity: isSame ? known.identity : identityOf(this.#backend, account) }
    return this.#device
  }

  #newId(taken: ReadonlySet<number>): number {
    for (;;) {
      const [a = 0, b = 0, c = 0, d = 0] = this.#backend.randomBytes(4)
      const id = (((a & 0x7f) << 24) | (b << 16) | (c << 8) | d) & LARGEST_ID
      if (id > 0 && !taken.has(id)) return id
    }
  }
}
