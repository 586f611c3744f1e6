import { base64 } from '@couplet/stanza'
import { gcm } from '@noble/ciphers/aes.js'
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8Bytes } from './crypto/bytes.js'
import type { OmemoCore } from './omemo-core.js'
import { OmemoError } from './omemo-error.js'
import type { TrustData } from './sessions/trust-ledger.js'

/** What PBKDF2 does with a passphrase, so often that guessing is slow (OWASP, 2023). */
const rounds = 600_000
/** The most that a backup can make us do. */
const mostRounds = 10_000_000

/** How a backup is restored. */
export interface RestoreOptions {
  /** What it was locked with. */
  readonly passphrase: string
  /**
   * As what: `new-device`, with an id of its own beside the old device, or `same-device` in its place, which is only right if
   * the old one is gone for good.
   */
  readonly as: 'new-device' | 'same-device'
}

/** What a backup holds: who we are, and what is thought of others. No sessions, no prekeys: old ones are worse than none. */
interface BackupData {
  readonly jid: string
  readonly deviceId: number
  readonly key: string
  readonly signBit: 0 | 1
  readonly label?: string | undefined
  readonly trust: TrustData
}

interface BackupFile {
  readonly format: 'couplet-omemo'
  readonly version: 1
  readonly rounds: number
  readonly salt: string
  readonly iv: string
  readonly data: string
}

/** Backups of the identity and of trust, locked with a passphrase. */
export class Backup {
  readonly #core: OmemoCore

  constructor(core: OmemoCore) {
    this.#core = core
  }

  /** A backup as text. Whoever has it and the passphrase can be us. @throws OmemoError `no-devices` if there is none yet */
  async export(passphrase: string): Promise<string> {
    const { own, trust, context, backend } = this.#core
    const { account } = await own.get()
    const { deviceId, privateKey, signBit, label } = account
    const data: BackupData = {
      jid: context.account.toString(),
      deviceId,
      key: base64.encode(privateKey),
      signBit,
      label,
      trust: await trust.dump(),
    }
    const [salt, iv] = [backend.randomBytes(16), backend.randomBytes(12)]
    const sealed = gcm(await keyOf(passphrase, salt, rounds), iv).encrypt(utf8Bytes(JSON.stringify(data)))
    const file: BackupFile = {
      format: 'couplet-omemo',
      version: 1,
      rounds,
      salt: base64.encode(salt),
      iv: base64.encode(iv),
      data: base64.encode(sealed),
    }
    return JSON.stringify(file)
  }

  /**
   * Restores a backup into a store that has no device yet; `enable()` announces it. Sessions begin anew.
   *
   * @throws OmemoError `wrong-passphrase`, `corrupt-record` for what is no backup of this account, `newer-record`
   * @throws TypeError if there is a device already
   */
  async restore(text: string, { passphrase, as }: RestoreOptions): Promise<void> {
    const { own, trust, context, presence } = this.#core
    const data = await open(text, passphrase)
    const privateKey = base64.decode(data.key)
    if (privateKey?.length !== 32 || data.jid !== context.account.toString()) throw new OmemoError('corrupt-record')
    const { signBit, label, deviceId } = data
    const taken = as === 'new-device' ? await presence.takenIds() : new Set<number>()
    const id = as === 'same-device' ? deviceId : undefined
    await own.restore({ privateKey, signBit, label }, id, new Set([...taken, deviceId]))
    await trust.restore(data.trust)
  }
}

async function open(text: string, passphrase: string): Promise<BackupData> {
  const file = parse<BackupFile>(text)
  if (file?.format !== 'couplet-omemo') throw new OmemoError('corrupt-record')
  if (file.version !== 1) throw new OmemoError('newer-record')
  const [salt, iv, sealed] = [file.salt, file.iv, file.data].map((each) => base64.decode(String(each)))
  const isUsable = Number.isSafeInteger(file.rounds) && file.rounds > 0 && file.rounds <= mostRounds
  if (!isUsable || salt === undefined || iv?.length !== 12 || sealed === undefined)
    throw new OmemoError('corrupt-record')
  let opened: Uint8Array
  try {
    opened = gcm(await keyOf(passphrase, salt, file.rounds), iv).decrypt(sealed)
  } catch {
    throw new OmemoError('wrong-passphrase')
  }
  const data = parse<BackupData>(new TextDecoder().decode(opened))
  if (data === undefined) throw new OmemoError('corrupt-record')
  return data
}

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

/** By the platform where it can, which is many times faster. */
async function keyOf(passphrase: string, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  const password = utf8Bytes(passphrase.normalize('NFC'))
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle
  if (subtle === undefined) return pbkdf2Async(sha256, password, salt, { c: iterations, dkLen: 32 })
  const material = await subtle.importKey('raw', new Uint8Array(password), 'PBKDF2', false, ['deriveBits'])
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(salt), iterations }
  return new Uint8Array(await subtle.deriveBits(parameters, material, 256))
}
