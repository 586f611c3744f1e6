const encoder = new TextEncoder()

/** The order of `i;octet` (RFC 4790 §9.3): by the bytes of UTF-8, which is not the order of JavaScript's strings. */
export function octetOrder(one: string, other: string): number {
  const [a, b] = [encoder.encode(one), encoder.encode(other)]
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
