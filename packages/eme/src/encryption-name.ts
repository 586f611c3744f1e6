import { type EncryptionMark, encryptionNames } from './elements.js'

/**
 * What to call the encryption of a message: the name we know, or else what the sender says, or else its namespace. The
 * sender cannot rename an encryption that is known (XEP-0380 §4), but may write anything for others.
 */
export function encryptionName({ namespace, name }: EncryptionMark): string {
  const known = Object.hasOwn(encryptionNames, namespace) ? encryptionNames[namespace] : undefined
  return known ?? (name || namespace)
}
