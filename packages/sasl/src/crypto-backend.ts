/** Hash functions of the SCRAM family, as WebCrypto names them. */
export type ScramHash = 'SHA-1' | 'SHA-256' | 'SHA-512'

/** The three primitives everything here is made of; both implementations pass the same vectors. */
export interface CryptoBackend {
  digest(hash: ScramHash, data: Uint8Array): Promise<Uint8Array>
  hmac(hash: ScramHash, key: Uint8Array, data: Uint8Array): Promise<Uint8Array>
  /** PBKDF2 with HMAC, as long as the hash: `Hi` of RFC 5802 §2.2. */
  pbkdf2(hash: ScramHash, password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array>
}

// WebCrypto's types want a plain ArrayBuffer behind the bytes.
type Bytes = Uint8Array<ArrayBuffer>

const raw = (algorithm: AlgorithmIdentifier | HmacImportParams, key: Uint8Array, usage: KeyUsage): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', key as Bytes, algorithm, false, [usage])

/** WebCrypto: derives off the event loop, in Node as in browsers. */
export const webCrypto: CryptoBackend = {
  async digest(hash, data) {
    return new Uint8Array(await crypto.subtle.digest(hash, data as Bytes))
  },
  async hmac(hash, key, data) {
    const imported = await raw({ name: 'HMAC', hash }, key, 'sign')
    return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data as Bytes))
  },
  async pbkdf2(hash, password, salt, iterations) {
    const parameters = { name: 'PBKDF2', hash, salt: salt as Bytes, iterations }
    const imported = await raw('PBKDF2', password, 'deriveBits')
    return new Uint8Array(
      await crypto.subtle.deriveBits(parameters, imported, hash === 'SHA-1' ? 160 : Number(hash.slice(4))),
    )
  },
}

/** WebCrypto where it exists; on plain-http pages and in React Native it does not, and noble is loaded. */
export async function loadBackend(): Promise<CryptoBackend> {
  return globalThis.crypto?.subtle ? webCrypto : (await import('./noble-backend.js')).nobleBackend
}
