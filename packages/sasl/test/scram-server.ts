import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** What the scripted server was built with. */
export interface ServerOptions {
  readonly hash: 'SHA-1' | 'SHA-256' | 'SHA-512'
  readonly password: string
  readonly iterations?: number
  readonly extensions?: string
  /** Signs whatever the client answers, as an accomplice who knows the password would. */
  readonly gullible?: boolean
  /** Channel-binding data by type; the server offers -PLUS exactly if there is any. */
  readonly bindings?: Readonly<Record<string, Uint8Array>>
}

/** Server side of SCRAM on node:crypto alone, sharing no code with the package. */
export class ScramServer {
  readonly #options: ServerOptions
  readonly #hash: string
  readonly #salt = randomBytes(16)
  #firstBare = ''
  #serverFirst = ''
  #gs2 = ''
  username = ''

  constructor(options: ServerOptions) {
    this.#options = options
    this.#hash = options.hash.replace('-', '').toLowerCase()
  }

  first(clientFirst: Uint8Array): Uint8Array {
    const text = Buffer.from(clientFirst).toString('utf8')
    const match = /^((?:n|y|p=[a-z-]+),(?:a=[^,]*)?,)(n=([^,]*),r=([^,]+))$/.exec(text)
    if (!match) throw new Error('client-first')
    this.#gs2 = match[1]!
    this.#firstBare = match[2]!
    this.username = match[3]!.replaceAll('=2C', ',').replaceAll('=3D', '=')
    if (this.#gs2.startsWith('y') && this.#options.bindings) throw new Error('downgrade')
    const nonce = match[4]! + randomBytes(12).toString('base64')
    const { iterations = 4096, extensions = '' } = this.#options
    this.#serverFirst = `r=${nonce},s=${this.#salt.toString('base64')},i=${iterations}${extensions}`
    return Buffer.from(this.#serverFirst)
  }

  final(clientFinal: Uint8Array): Uint8Array {
    const text = Buffer.from(clientFinal).toString('utf8')
    const match = /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/.exec(text)
    if (!match) throw new Error('client-final')
    const { password, iterations = 4096, hash, gullible } = this.#options
    if (!gullible && !this.#serverFirst.startsWith(`r=${match[3]},`)) throw new Error('nonce')
    const bound = /^p=([^,]+)/.exec(this.#gs2)?.[1]
    const data = bound ? this.#options.bindings?.[bound] : new Uint8Array()
    if (!data) throw new Error('unsupported-channel-binding-type')
    const expected = Buffer.concat([Buffer.from(this.#gs2), data]).toString('base64')
    if (expected !== match[2]) throw new Error('channel-bindings-dont-match')
    const size = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 }[hash]
    const salted = pbkdf2Sync(password, this.#salt, iterations, size, this.#hash)
    const message = `${this.#firstBare},${this.#serverFirst},${match[1]}`
    const clientKey = this.#hmac(salted, 'Client Key')
    const stored = createHash(this.#hash).update(clientKey).digest()
    const signature = this.#hmac(stored, message)
    const proven = Buffer.from(match[4]!, 'base64').map((byte, i) => byte ^ signature[i]!)
    const valid = timingSafeEqual(createHash(this.#hash).update(proven).digest(), stored)
    if (!valid && !gullible) throw new Error('invalid-proof')
    return Buffer.from(`v=${this.#hmac(this.#hmac(salted, 'Server Key'), message).toString('base64')}`)
  }

  #hmac(key: Buffer, data: string): Buffer {
    return createHmac(this.#hash, key).update(data).digest()
  }
}
