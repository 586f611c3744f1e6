import type { PluginContext, SentFate, SentMessage } from '@couplet/client'
import { paginate, type ResultSetRequest } from '@couplet/rsm'
import { Jid, type Message } from '@couplet/stanza'
import { originId } from '@couplet/stanza-id'
import { queryTime } from '@couplet/time'
import { fetchPage } from './archive-page.js'
import { isArchivedKind } from './archived-kind.js'
import type { MamFilter } from './elements.js'

/** Messages per request. */
const max = 100
/** After so many the search is given up. */
const searchLimit = 10_000
/** Milliseconds by which the clock of a server that does not tell its time may be behind ours. */
const unknownClock = 86_400_000
/** The same where it does, to the second: messages take their time. */
const knownClock = 60_000
/** Milliseconds after which the archive is asked without knowing the time of the server. */
const patience = 5000

/**
 * Finds out in the own archive which messages of a lost session the server has handled. What is of a kind that archives
 * keep and is not there has not been handled; about the others nothing is known.
 *
 * @throws the signal's reason if it aborts
 */
export async function findSent(
  context: PluginContext,
  sent: readonly SentMessage[],
  signal: AbortSignal,
): Promise<readonly SentFate[]> {
  signal.throwIfAborted()
  const missing = new Set(sent.filter(({ message }) => isArchivedKind(message)))
  const candidates = new Set(missing)
  let isKnown = false
  try {
    isKnown = missing.size === 0 || (await search(context, missing, signal))
  } catch {
    signal.throwIfAborted() // otherwise there is no archive, or it does not answer
  }
  return sent.map((each) =>
    !candidates.has(each) ? 'unknown' : !missing.has(each) ? 'handled' : isKnown ? 'missing' : 'unknown',
  )
}

/** Takes away what it finds. @returns whether what is left is certainly not there */
async function search(context: PluginContext, missing: Set<SentMessage>, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController()
  try {
    const { utc, silence } = askTime(context, AbortSignal.any([signal, over.signal]))
    const scope = scopeOf(context, missing, await utc)
    signal.throwIfAborted()
    const unlessSilent = silence.aborted ? signal : AbortSignal.any([signal, silence])
    return await searchIn(context, missing, { ...scope, signal, unlessSilent })
  } finally {
    over.abort()
  }
}

/** Where to search, and until when. */
interface Scope {
  readonly filter: MamFilter
  readonly first: ResultSetRequest
  readonly signal: AbortSignal
  /** The same, or the server has not answered anything in time. */
  readonly unlessSilent: AbortSignal
}

async function searchIn(context: PluginContext, missing: Set<SentMessage>, scope: Scope): Promise<boolean> {
  const { filter, first } = scope
  let looked = 0
  let isStable = true
  const fetch = (request: ResultSetRequest) => {
    const signal = looked === 0 ? scope.unlessSilent : scope.signal
    return fetchPage(context, { archive: undefined, filter, signal }, { ...request, max })
  }
  for await (const page of paginate(first, fetch)) {
    const archived = page.messages.map(({ message }) => message).filter((message) => isOwn(context, message))
    for (const each of missing) {
      if (archived.some((message) => isSame(each.message, message))) missing.delete(each)
    }
    if (missing.size === 0) return true
    isStable &&= page.stable !== false
    looked += Math.max(page.messages.length, 1)
    if (looked >= searchLimit && !page.complete) return false
  }
  return isStable // XEP-0313 §4.3.2: otherwise it may turn up later
}

/**
 * The server's time (XEP-0202), if it tells that soon. One that is silent about everything is not waited for twice: the archive
 * has no more time to answer than this request.
 */
function askTime(
  context: PluginContext,
  signal: AbortSignal,
): { readonly utc: Promise<Date | undefined>; readonly silence: AbortSignal } {
  const silence = new AbortController()
  const to = Jid.parse(context.account.domain)
  const answer = context.request(queryTime, true, { to, signal }).then(
    ({ utc }) => utc,
    (error: Partial<Error>) => {
      if (error.name === 'TimeoutError') silence.abort(error)
      return undefined
    },
  )
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience)
  })
  return { utc: Promise.race([answer, late]).finally(() => clearTimeout(timer)), silence: silence.signal }
}

/**
 * Where to search. They were written before the session was lost, and thousands of others may have come since: so from then
 * on, if the server tells its time, and from the newest message back if nobody knows when that was there.
 */
function scopeOf(
  context: PluginContext,
  missing: ReadonlySet<SentMessage>,
  utc: Date | undefined,
): Pick<Scope, 'filter' | 'first'> {
  const earliest = Math.min(...[...missing].map(({ stamp }) => stamp.getTime()))
  const addressees = new Set([...missing].map(({ message }) => String(message.to?.bare ?? context.account)))
  const [only] = addressees.size === 1 ? addressees : []
  const talk = only === undefined || only === context.account.toString() ? {} : { with: Jid.parse(only) }
  if (utc === undefined) {
    return { filter: { ...talk, start: new Date(earliest - unknownClock) }, first: { before: '', max } }
  }
  const start = new Date(earliest + (utc.getTime() - Date.now()) - knownClock)
  return { filter: { ...talk, start, end: new Date(utc.getTime() + knownClock) }, first: { max } }
}

/** XEP-0313 §4.2: the archive gives the sender. Nobody else can make a message look as if we had sent it. */
const isOwn = ({ account }: PluginContext, { from }: Message): boolean => from?.bare.equals(account) === true

/** Both ids are ours, so either will do: some servers keep no payloads (XEP-0313 §3). */
function isSame(one: Message, other: Message): boolean {
  if (one.to?.bare.toString() !== other.to?.bare.toString()) return false
  const origin = originId(one)
  return (origin !== undefined && origin === originId(other)) || (one.id !== undefined && one.id === other.id)
}
