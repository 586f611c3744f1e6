import { StoreError } from './store-error.js'

/** What is known about a session, in a form that survives the process. */
export interface SavedSession {
  /** The SM-ID; `undefined` when there is no session to resume, only messages to send. */
  readonly id?: string | undefined
  readonly jid?: string | undefined
  readonly location?: string | undefined
  readonly max?: number | undefined
  /** Stanzas handled, stanzas sent and acknowledged. */
  readonly handled: number
  readonly sent: number
  readonly acked: number
  /** Places of what is queued: from the first to before the next. */
  readonly first: number
  readonly next: number
}

/** A stanza that is kept. */
export interface SavedStanza {
  readonly id: string
  readonly text: string
  readonly stamp?: number | undefined
  readonly uncertain?: boolean | undefined
  readonly isUnhandled?: boolean | undefined
  readonly deaths?: number | undefined
}

/** What was stored by a client that is no more. */
export interface Saved {
  readonly session: SavedSession
  /** The stream features of the session. */
  readonly features: string | undefined
  /** Written and not acknowledged, by their number in the session. IQs are left out: nobody waits for their answers. */
  readonly written: ReadonlyMap<number, SavedStanza>
  /** Not written yet, in order. */
  readonly queued: readonly (SavedStanza & { readonly place: number })[]
  /** Places of what could not be read. */
  readonly unreadable: readonly number[]
}

/** More than can ever wait: counters that are further apart would keep a client busy with what is not there. */
const most = 100_000

/** @throws StoreError `corrupt` for what no client has stored as its session */
export function readSession(value: unknown): SavedSession {
  if (!isSession(value)) throw new StoreError('corrupt', 'the stored session makes no sense')
  return value
}

/** @throws StoreError `corrupt` for what no client has stored as a stanza */
export function readStanza(value: unknown): SavedStanza {
  if (!isStanza(value)) throw new StoreError('corrupt', 'a stored stanza makes no sense')
  return value
}

function isSession(value: unknown): value is SavedSession {
  const { id, jid, location, max, handled, sent, acked, first, next } = partsOf(value)
  return (
    [handled, sent, acked].every(isCount) &&
    isRange(acked, sent) &&
    isRange(first, next) &&
    [id, jid, location].every((each) => each === undefined || typeof each === 'string') &&
    (max === undefined || typeof max === 'number')
  )
}

function isStanza(value: unknown): value is SavedStanza {
  const { id, text, stamp, deaths } = partsOf(value)
  return (
    typeof id === 'string' &&
    typeof text === 'string' &&
    (stamp === undefined || (typeof stamp === 'number' && !Number.isNaN(new Date(stamp).getTime()))) &&
    (deaths === undefined || isCount(deaths))
  )
}

const partsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const isRange = (from: unknown, to: unknown): boolean =>
  Number.isSafeInteger(from) && isCount((to as number) - (from as number)) && (to as number) - (from as number) <= most
