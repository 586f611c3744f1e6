/** No bytes. */
export const empty: Uint8Array = new Uint8Array(0)

/** One array of several. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Whether two arrays hold the same bytes; the time depends on their lengths only, as far as the engine lets us. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/** Overwrites secrets with zeros. Copies that the engine made are out of reach. */
export function wipe(...secrets: readonly (Uint8Array | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0)
}

const encoder = new TextEncoder()

/** UTF-8. */
export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text)
}
