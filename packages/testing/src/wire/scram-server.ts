import { equalBytes, type ScramHash, scramDigest, scramHmac, scramKeys } from '@couplet/sasl'

/** What a server stores for a user and a hash (RFC 5802 §3), the least iterations that RFC 7677 §4 allows. */
export interface ScramSecrets {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** Why a login is refused (RFC 6120 §6.5). */
export class SaslFailure extends Error {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'SaslFailure'
  /** The condition of RFC 6120 §6.5. */
  readonly condition: string

  constructor(condition: string) {
    super(condition)
    this.condition = condition
  }
}

const iterations = 4096

/** Derives what a server stores. */
export async function deriveSecrets(hash: ScramHash, password: string): Promise<ScramSecrets> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const { storedKey, serverKey } = await scramKeys(hash, password, salt, iterations)
  return { salt, iterations, storedKey, serverKey }
}

/** What the server's side of SCRAM has to know. */
export interface ScramServerOptions {
  readonly hash: ScramHash
  /** Whether this is the variant with channel binding. */
  readonly plus: boolean
  /** Whether any such variant was offered: a client that says it saw none was lied to (RFC 5802 §6). */
  readonly plusOffered: boolean
  /** The secrets of a user; `undefined` if there is no such user. */
  secrets(username: string): Promise<ScramSecrets | undefined>
  /** The data of a channel binding. */
  binding(type: string): Uint8Array | undefined
}

interface Opening {
  readonly header: string
  readonly bare: string
  readonly nonce: string
  readonly username: string
  readonly authzid: string
  readonly bound: Uint8Array
}

/** The server's side of one SCRAM exchange (RFC 5802 §5): {@link first}, then {@link final}. */
export class ScramServer {
  readonly #options: ScramServerOptions
  #opening: Opening | undefined
  #secrets: ScramSecrets | undefined
  #serverFirst = ''
  #nonce = ''

  constructor(options: ScramServerOptions) {
    this.#options = options
  }

  /** Who logs in; known after {@link first}, proven by {@link final}. */
  get username(): string {
    return this.#opening?.username ?? ''
  }

  /** Whom the client wants to act as; empty for itself. */
  get authzid(): string {
    return this.#opening?.authzid ?? ''
  }

  /** Takes the client's first message and returns the server's. @throws SaslFailure */
  async first(data: Uint8Array): Promise<Uint8Array> {
    const opening = this.#readFirst(Buffer.from(data).toString())
    this.#opening = opening
    this.#secrets = await this.#options.secrets(opening.username)
    // Who does not exist gets a salt too, and fails at the end like a wrong password (RFC 5802 §9).
    const salt = this.#secrets?.salt ?? crypto.getRandomValues(new Uint8Array(16))
    this.#nonce = opening.nonce + encode(crypto.getRandomValues(new Uint8Array(18)))
    this.#serverFirst = `r=${this.#nonce},s=${encode(salt)},i=${this.#secrets?.iterations ?? iterations}`
    return Buffer.from(this.#serverFirst)
  }

  /** Takes the client's proof and returns the server's signature. @throws SaslFailure */
  async final(data: Uint8Array): Promise<Uint8Array> {
    const opening = this.#opening as Opening
    const match = /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/.exec(Buffer.from(data).toString())
    const [, withoutProof, bound = '', nonce, proof = ''] = match ?? []
    if (withoutProof === undefined) throw new SaslFailure('malformed-request')
    const expected = Buffer.concat([Buffer.from(opening.header), opening.bound])
    if (nonce !== this.#nonce || bound !== encode(expected)) throw new SaslFailure('not-authorized')
    if (this.#secrets === undefined) throw new SaslFailure('not-authorized')
    const { hash } = this.#options
    const { storedKey, serverKey } = this.#secrets
    const message = Buffer.from(`${opening.bare},${this.#serverFirst},${withoutProof}`)
    const signature = await scramHmac(hash, storedKey, message)
    const given = Buffer.from(proof, 'base64')
    const clientKey = signature.map((byte, i) => byte ^ (given[i] ?? 0))
    const isRight = given.length === signature.length && equalBytes(await scramDigest(hash, clientKey), storedKey)
    if (!isRight) throw new SaslFailure('not-authorized')
    return Buffer.from(`v=${encode(await scramHmac(hash, serverKey, message))}`)
  }

  #readFirst(text: string): Opening {
    const match = /^((?:n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,)(n=([^,]*),r=([!-+\--~]+))(?:,|$)/.exec(text)
    const [, header, type, authzid = '', bare, name = '', nonce] = match ?? []
    if (header === undefined || bare === undefined || nonce === undefined) throw new SaslFailure('malformed-request')
    const { plus, plusOffered, binding } = this.#options
    if ((type !== undefined) !== plus) throw new SaslFailure('malformed-request')
    if (header.startsWith('y') && plusOffered) throw new SaslFailure('not-authorized')
    const bound = type === undefined ? new Uint8Array() : binding(type)
    if (bound === undefined) throw new SaslFailure('not-authorized')
    return {
      header,
      bare: text.slice(header.length),
      nonce,
      username: readName(name),
      authzid: readName(authzid),
      bound,
    }
  }
}

/** RFC 5802 §5.1. */
const readName = (name: string): string => name.replaceAll('=2C', ',').replaceAll('=3D', '=')

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
