import type { ArchiveWalk } from './archive-walk.js'

/** What is missing between two messages of an archive. Survives JSON, so it can be kept, and filled later. */
export interface ArchiveGap {
  /** Whose archive: a bare JID. */
  readonly archive: string
  /** The id of the last message before it. */
  readonly after: string
  /** The id of its last message. */
  readonly until: string
  /** When the message before it was archived, as in XEP-0082; absent if the archive does not say. */
  readonly start?: string | undefined
  /** When its last message was archived. */
  readonly end?: string | undefined
}

/** What a catch-up has come to. */
export interface CaughtUp {
  /** Whose archive: a bare JID. */
  readonly archive: string
  /** How many messages were delivered. */
  readonly count: number
  /** What it has left out, because it was more than the limit. */
  readonly gap: ArchiveGap | undefined
}

/** What is missing from where a walk has come to up to a message; `undefined` if it is nothing. */
export function gapAfter(
  { position }: ArchiveWalk,
  { archive, until, end }: Omit<ArchiveGap, 'after' | 'start'>,
): ArchiveGap | undefined {
  const { id, stamp } = position
  if (id === undefined || id === until) return undefined
  return { archive, after: id, until, start: stamp?.toISOString(), end }
}

/**
 * Checks a gap that may come from a file.
 *
 * @throws TypeError if it is none
 */
export function checkGap(gap: ArchiveGap): void {
  if (!isGap(gap)) throw new TypeError('this is no gap of an archive')
}

/** Whether something that was stored is a gap. */
export function isGap(gap: unknown): gap is ArchiveGap {
  const { archive, after, until, start, end } = (gap ?? {}) as Partial<Record<keyof ArchiveGap, unknown>>
  const areIds = [archive, after, until].every((id) => typeof id === 'string')
  const areTimes = [start, end].every((time) => time === undefined || !Number.isNaN(Date.parse(String(time))))
  return areIds && areTimes
}
