import { accountKind } from '../devices/account-record.js'
import { contactKind, unknownContact, withDevice } from '../devices/contact-record.js'
import { contactScope } from '../devices/device-directory.js'
import { accountScope } from '../devices/own-account.js'
import { identityOf } from '../devices/own-keys.js'
import type { OmemoCore } from '../omemo-core.js'
import { OmemoError } from '../omemo-error.js'
import { changeChat, chatOf, chatScope } from '../sessions/chat-record.js'
import { receiveScope } from '../sessions/journal.js'
import { sessionKey, sessionKind } from '../sessions/session-record.js'
import { nothing, trustKind, trustScope } from '../sessions/trust-ledger.js'
import type { Transaction } from '../store/omemo-store.js'
import { keyName } from '../trust/trust-record.js'
import type { ExportOptions, ImportOptions } from './backup.js'
import { type AccountInBackup, type BackupContent, decodeContent, encodeContent } from './backup-content.js'
import { type DeriveKeys, openBackup, scrypt, sealBackup } from './backup-file.js'
import { mergeTrust } from './merge-trust.js'

/** What {@link Backup} does. */
export class BackupWork {
  readonly #core: OmemoCore
  readonly #derive: DeriveKeys

  constructor(core: OmemoCore, derive: DeriveKeys = scrypt) {
    this.#core = core
    this.#derive = derive
  }

  /** See `Backup.export`. */
  async export({ passphrase, include = 'identity+trust', cost }: ExportOptions): Promise<Uint8Array> {
    const { store, backend } = this.#core
    const content = await store.transaction([accountScope, trustScope], (tx) => this.#content(tx, include))
    return sealBackup({ backend, derive: this.#derive, passphrase }, encodeContent(content), cost)
  }

  /** See `Backup.import`. */
  async import(file: Uint8Array, { passphrase, as = 'new-device' }: ImportOptions): Promise<void> {
    const { backend, own, presence, context } = this.#core
    if ((await own.find()) !== undefined) throw new OmemoError('device-exists')
    const content = decodeContent(await openBackup({ backend, derive: this.#derive, passphrase }, file))
    if (content.account !== context.account.toString()) throw new OmemoError('other-account')
    const taken = as === 'new-device' ? await presence.takenIds() : new Set<number>()
    const id = as === 'new-device' ? undefined : content.deviceId
    await this.#restore(content, id, new Set([...taken, content.deviceId]))
  }

  async #content(tx: Transaction, include: ExportOptions['include']): Promise<BackupContent> {
    const account = await tx.get(accountKind)
    if (account === undefined) throw new OmemoError('no-devices')
    const trust = include === 'identity' ? undefined : ((await tx.get(trustKind)) ?? nothing)
    const jids = [...new Set(trust?.records.map(({ jid }) => jid))]
    return {
      account: this.#core.context.account.toString(),
      ...account,
      trust,
      accounts: await Promise.all(jids.map((jid) => accountIn(tx, jid))),
    }
  }

  async #restore(content: BackupContent, deviceId: number | undefined, taken: ReadonlySet<number>): Promise<void> {
    const { store, own, options } = this.#core
    const { trust, accounts, privateKey, signBit, label } = content
    const jids = accounts.map(({ jid }) => jid)
    const scopes = [accountScope, trustScope, receiveScope, ...jids.map(contactScope), ...jids.map(chatScope)]
    await store.transaction(scopes, async (tx) => {
      const known = (await tx.get(trustKind)) ?? nothing
      const shown = options.label ?? (deviceId === undefined ? undefined : label)
      await own.restore(tx, { privateKey, signBit, label: shown }, deviceId, taken)
      const key = keyName(identityOf(this.#core.backend, content).publicKey)
      if (trust !== undefined) tx.put(trustKind, '', mergeTrust(known, trust, { jid: content.account, key }))
      for (const account of accounts) await this.#restoreAccount(tx, account)
      if (deviceId === undefined) return
      for (const jid of new Set([...jids, ...known.records.map((record) => record.jid)])) {
        await this.#forgetSessions(tx, deviceId, jid)
      }
    })
  }

  /** Devices keep their identities and versions (OMEMO S9, S10), and a chat that was for encrypted messages only is (S2). */
  async #restoreAccount(tx: Transaction, { jid, devices, ...chat }: AccountInBackup): Promise<void> {
    let contact = (await tx.get(contactKind, jid)) ?? unknownContact
    for (const { deviceId, identityKey, version } of devices) {
      const now = contact.devices.get(deviceId)
      if (now?.identityKey !== undefined) continue
      contact = withDevice(contact, deviceId, { identityKey, version: now?.version ?? version })
    }
    if (devices.length > 0) tx.put(contactKind, jid, contact)
    const { isRequired, isOptedOut, isWritten } = await chatOf(tx, jid)
    await changeChat(tx, jid, {
      isRequired: isRequired || chat.isRequired,
      isOptedOut: isOptedOut || chat.isOptedOut,
      isWritten: isWritten || chat.isWritten,
    })
  }

  /** What is left of sessions under this id may be as old as the backup, and is used by nobody any more. */
  async #forgetSessions(tx: Transaction, deviceId: number, jid: string): Promise<void> {
    const contact = (await tx.get(contactKind, jid)) ?? unknownContact
    for (const id of contact.devices.keys()) {
      for (const version of ['omemo2', 'legacy'] as const) {
        tx.delete(sessionKind, sessionKey(deviceId, jid, id, version))
      }
    }
  }
}

async function accountIn(tx: Transaction, jid: string): Promise<AccountInBackup> {
  const { devices } = (await tx.get(contactKind, jid)) ?? unknownContact
  const { isRequired, isOptedOut, isWritten } = await chatOf(tx, jid)
  const known = [...devices].flatMap(([deviceId, { identityKey, version }]) =>
    identityKey === undefined ? [] : [{ deviceId, identityKey, version }],
  )
  return { jid, devices: known, isRequired, isOptedOut, isWritten }
}
