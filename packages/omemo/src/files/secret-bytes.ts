import { base64, type Codec } from '@couplet/stanza'

/** Bytes that hide themselves: logs, JSON and text show how many there are, and nothing else. */
export class SecretBytes extends Uint8Array {
  /** Views of it have secrets in them, results of calculations are what their user makes of them. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array
  }

  /** What `JSON.stringify` gets. */
  toJSON(): string {
    return this.toString()
  }

  /** What a template string gets. */
  override toString(): string {
    return `[${this.length} secret bytes]`
  }

  /** What `console.log` shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** The same as `base64`, for keys. */
export const secretBase64: Codec<SecretBytes> = {
  expects: base64.expects,
  decode: (text) => {
    const bytes = base64.decode(text)
    return bytes && new SecretBytes(bytes)
  },
  encode: (value) => base64.encode(value),
}
