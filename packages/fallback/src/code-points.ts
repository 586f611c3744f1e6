/** A part of a text in Unicode code points, its end not included; without numbers, the whole text (XEP-0428 §2.2). */
export interface FallbackRange {
  /** The number of code points before the part. */
  readonly start?: number | undefined
  /** The number of code points before what follows the part. */
  readonly end?: number | undefined
}

/** The length of a text as other clients count it, in Unicode code points (XEP-0426 §2): '😀' is one. */
export function codePointLength(text: string): number {
  let length = 0
  for (const _codePoint of text) length++
  return length
}

/**
 * The text without these parts. A part is left where it is if it has only one end, is empty or not all within the text,
 * or overlaps one that begins earlier; of two that begin together the first one counts.
 */
export function withoutFallback(text: string, ranges: readonly FallbackRange[]): string {
  if (ranges.length === 0) return text
  if (ranges.some(({ start, end }) => start === undefined && end === undefined)) return ''
  const codePoints = Array.from(text)
  const kept: string[] = []
  let position = 0
  for (const [start, end] of partsWithin(codePoints.length, ranges)) {
    if (start < position) continue
    kept.push(codePoints.slice(position, start).join(''))
    position = end
  }
  return kept.join('') + codePoints.slice(position).join('')
}

/** The parts that can be removed, in the order in which they begin. */
function partsWithin(length: number, ranges: readonly FallbackRange[]): (readonly [start: number, end: number])[] {
  return ranges
    .flatMap(({ start = -1, end = -1 }) => {
      const isPart = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= length
      return isPart ? [[start, end] as const] : []
    })
    .sort(([left], [right]) => left - right)
}
