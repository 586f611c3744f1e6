const blockSize = 16

/**
 * Decrypts AES-256-CBC piece by piece, padding included: whoever knows the size cuts it off. So there is no padding that could
 * be wrong, and nothing an error could tell about it.
 */
export class CbcStream {
  readonly #key: CryptoKey
  #before: Uint8Array

  private constructor(key: CryptoKey, iv: Uint8Array) {
    this.#key = key
    this.#before = iv
  }

  /** For a key of 32 bytes and a vector of 16. */
  static async create(keyBytes: Uint8Array, iv: Uint8Array): Promise<CbcStream> {
    const usages: KeyUsage[] = ['encrypt', 'decrypt']
    return new CbcStream(await crypto.subtle.importKey('raw', keyBytes as BufferSource, 'AES-CBC', false, usages), iv)
  }

  /** Decrypts the next blocks; at least one, and all of them whole. */
  async decrypt(piece: Uint8Array): Promise<Uint8Array> {
    const last = piece.slice(-blockSize)
    // Web Crypto wants padding at the end of every call: the block of nothing but padding that would follow this piece.
    const padding = await crypto.subtle.encrypt(parameters(last), this.#key, new Uint8Array(0))
    const padded = new Uint8Array(piece.length + blockSize)
    padded.set(piece)
    padded.set(new Uint8Array(padding), piece.length)
    const decrypted = await crypto.subtle.decrypt(parameters(this.#before), this.#key, padded)
    this.#before = last
    return new Uint8Array(decrypted)
  }
}

const parameters = (iv: Uint8Array): AesCbcParams => ({ name: 'AES-CBC', iv: iv as BufferSource })
