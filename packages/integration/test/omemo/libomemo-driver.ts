import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll } from 'vitest'
import type { BundleValue, WireKey } from '../../../omemo/src/wire/version.js'
import { NS_LEGACY, type Version } from './elements.js'
import type { Share } from './ratchet-device.js'

const sources = ['crypto', 'lines', 'peer', 'store'].map((name) =>
  fileURLToPath(new URL(`../../omemo/libomemo-${name}.c`, import.meta.url)),
)
const compiler = ['cc', 'gcc']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path))

/** Where Debian's packages put what is compiled with. */
const needed = {
  'libomemo-c-dev': '/usr/include/omemo/signal_protocol.h',
  'libssl-dev': '/usr/include/openssl/evp.h',
  'libc6-dev': '/usr/include/stdio.h',
}
const missing = Object.entries(needed).flatMap(([name, path]) => (existsSync(path) ? [] : [name]))
if (compiler === undefined) missing.push('gcc')

/** What is not installed, as a sentence for titles; empty if everything is there. */
export const whyNoLibomemo = missing.length === 0 ? '' : ` (not installed: ${missing.join(', ')})`

/** What libomemo-c refuses with, as far as the tests expect it: numbers of its signal_protocol.h. */
export const refusals = { duplicate: -1001, badKey: -1002, noKey: -1003, badMessage: -1005, noSession: -1008 } as const

/** What libomemo-c did not want to do. */
export class LibomemoError extends Error {
  override readonly name = 'LibomemoError'
  /** The number of the library. */
  readonly code: number

  constructor(code: number) {
    super(`libomemo-c: ${code}`)
    this.code = code
  }
}

/** Whose device it is that the peer has a session with. */
export interface OfContact {
  readonly jid: string
  readonly device: number
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex') || '-'
const bytesOf = (word = '-'): Uint8Array => new Uint8Array(Buffer.from(word === '-' ? '' : word, 'hex'))

/** A device of libomemo-c: a process that carries out commands one after the other, in the order they were given. */
export class LibomemoDevice {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting: { resolve(words: readonly string[]): void; reject(error: Error): void }[] = []
  readonly #exited: Promise<unknown>
  #complaints = ''
  #hasEnded = false

  constructor(program: string, version: Version) {
    this.#process = spawn(program, [version === NS_LEGACY ? '3' : '4', '31415'])
    this.#exited = once(this.#process, 'exit').then(
      () => this.#end(),
      (error) => this.#end(error),
    )
    this.#process.stdin.on('error', () => {}) // it has ended: `exit` tells
    this.#process.stderr.on('data', (data) => {
      this.#complaints = `${this.#complaints}${data}`.slice(-2000)
    })
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const [kind, ...words] = line.split(' ')
      const call = this.#waiting.shift()
      if (kind === 'ok') call?.resolve(words)
      else call?.reject(new LibomemoError(Number(words[0])))
    })
  }

  /** What it publishes. */
  async bundle(): Promise<BundleValue> {
    const [identity, id, signed, signature, ...rest] = await this.#run('bundle')
    const keys: WireKey[] = []
    for (let at = 0; at < rest.length; at += 2) keys.push({ id: Number(rest[at]), publicKey: bytesOf(rest[at + 1]) })
    return {
      identityKey: bytesOf(identity),
      signedPreKey: { id: Number(id), publicKey: bytesOf(signed) },
      signature: bytesOf(signature),
      preKeys: { keys },
    }
  }

  /** Begins a session, with this prekey of the contact or with the first. */
  async begin({ jid, device }: OfContact, bundle: BundleValue, preKeyId?: number): Promise<void> {
    const { identityKey, signedPreKey, signature, preKeys } = bundle
    const key = preKeys.keys.find(({ id }) => preKeyId === undefined || id === preKeyId)
    const signed = [signedPreKey.id, text(signedPreKey.publicKey), text(signature)]
    await this.#run(
      'process',
      jid,
      device,
      text(identityKey),
      ...signed,
      key?.id ?? 0,
      text(key?.publicKey ?? bytesOf()),
    )
  }

  /** Encrypts for the contact, in the session there is. */
  async encrypt({ jid, device }: OfContact, plaintext: Uint8Array): Promise<Share> {
    const [kind, message] = await this.#run('encrypt', jid, device, text(plaintext))
    return { isKeyExchange: kind === 'key-exchange', bytes: bytesOf(message) }
  }

  /** Decrypts what the contact has sent; which kind it is of has been told beside it. */
  async decrypt({ jid, device }: OfContact, { isKeyExchange, bytes }: Share): Promise<Uint8Array> {
    const kind = isKeyExchange ? 'key-exchange' : 'message'
    const [plaintext] = await this.#run('decrypt', jid, device, kind, text(bytes))
    return bytesOf(plaintext)
  }

  /** Another signed prekey; the one before is kept. */
  async rotate(): Promise<void> {
    await this.#run('rotate')
  }

  /** Loses all sessions with the contact. */
  async forget({ jid, device }: OfContact): Promise<void> {
    await this.#run('forget', jid, device)
  }

  /** Ends the process; what waits for an answer of it rejects. */
  async close(): Promise<void> {
    this.#process.stdin.end()
    await this.#exited
  }

  #run(...words: readonly (string | number)[]): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      if (this.#hasEnded) throw new Error(`the peer has ended: ${this.#complaints}`)
      this.#waiting.push({ resolve, reject })
      this.#process.stdin.write(`${words.join(' ')}\n`)
    })
  }

  #end(error: unknown = ''): void {
    this.#hasEnded = true
    this.#complaints += error
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(`the peer has ended: ${this.#complaints}`))
  }
}

/** Compiles the peer for this file of tests, if it can, and starts devices; they end with the file of tests. */
export const startLibomemo = (): ((version: Version) => LibomemoDevice) => {
  const devices: LibomemoDevice[] = []
  let folder = ''
  const program = (): string => join(folder, 'libomemo-peer')
  if (!whyNoLibomemo) {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'couplet-libomemo-'))
      const options = ['-std=c11', '-O1', '-I/usr/include/omemo', '-o', program()]
      await promisify(execFile)(String(compiler), [...options, ...sources, '-lomemo-c', '-lcrypto'])
    })
    afterAll(async () => {
      await Promise.all(devices.map((device) => device.close()))
      await rm(folder, { recursive: true, force: true })
    })
  }
  return (version) => {
    const device = new LibomemoDevice(program(), version)
    devices.push(device)
    return device
  }
}
