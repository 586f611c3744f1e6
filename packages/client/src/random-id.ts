const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const codes = Array.from(alphabet, (character) => character.charCodeAt(0))
const length = 22
const pool = new Uint8Array(length * 256)
let used = pool.length

/** An id nobody can guess: 132 bits from the platform's CSPRNG, as 22 characters. */
export function randomId(): string {
  if (used === pool.length) {
    // In bulk, because a call into the platform costs more than a hundred ids.
    crypto.getRandomValues(pool)
    used = 0
  }
  // At once: put together piece by piece it would keep all its pieces.
  const characters: number[] = []
  for (let i = 0; i < length; i++) characters.push(codes[(pool[used++] as number) & 63] as number)
  return String.fromCharCode(...characters)
}
