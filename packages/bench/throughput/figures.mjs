/** @typedef {{ median: number, min: number, max: number }} Spread */

/** The middle of a list of numbers; NaN of none. @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}

/**
 * Median, least and greatest ratio of a to b, round by round: both met the same noise of the machine.
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 * @returns {Spread}
 */
export function ratioOf(a, b) {
  return spreadOf(a.map((value, round) => value / (b[round] ?? Number.NaN)))
}

/** Median, least and greatest of a list. @param {readonly number[]} values @returns {Spread} */
export function spreadOf(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** Whole numbers, as in `31 (29–33)`. @param {Spread} [spread] */
export function formatSpread(spread) {
  if (spread === undefined || Number.isNaN(spread.median)) return ''
  const { median: middle, min, max } = spread
  return `${middle.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`
}

/** A table row's ratio, as in `0.64 (0.60–0.71)`. @param {Spread} spread */
export function formatRatio({ median: middle, min, max }) {
  return `${middle.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
}

/**
 * Rows as a Markdown table.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n')
}
