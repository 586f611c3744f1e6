const encoder = /* @__PURE__ */ new TextEncoder()

/** No honest message of these mechanisms is near this size, in bytes. */
const MAX_MESSAGE = 4096

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Text of a server message; empty, which no grammar here accepts, for no UTF-8 and for more than 4,096 bytes. */
export function decodeText(data: Uint8Array): string {
  if (data.length > MAX_MESSAGE) return ''
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    return ''
  }
}

/** Base64 with padding (RFC 4648 §4). */
export function toBase64(data: Uint8Array): string {
  let binary = ''
  for (const byte of data) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** The bytes, or `undefined` for anything but the one canonical, non-empty spelling: `atob` alone forgives too much. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text)
    if (text === '' || btoa(binary) !== text) return undefined
    return Uint8Array.from(binary, (char) => char.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** One array from several. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Compares in time that depends on the lengths only; use it for every signature and proof. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}
