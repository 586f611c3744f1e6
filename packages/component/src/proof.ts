import { type Secret, scramDigest } from '@couplet/sasl'

/** The secret at the moment of use. @throws TypeError if there is none */
export async function reveal(secret: Secret): Promise<string> {
  const revealed = typeof secret === 'function' ? await secret() : secret
  if (typeof revealed !== 'string' || revealed === '') throw new TypeError('secret: not a text')
  return revealed
}

/** XEP-0114 §3: SHA-1 of the stream id and the secret, in lower-case hexadecimal digits. */
export async function prove(id: string, secret: string): Promise<string> {
  const digest = await scramDigest('SHA-1', new TextEncoder().encode(id + secret))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
