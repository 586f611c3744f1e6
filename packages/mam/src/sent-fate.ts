import type { PluginContext, SentFate, SentMessage } from '@couplet/client'
import { paginate } from '@couplet/rsm'
import type { Message } from '@couplet/stanza'
import { originId } from '@couplet/stanza-id'
import { fetchPage } from './archive-page.js'
import { isArchivedKind } from './archived-kind.js'

/** Messages per request. */
const max = 100
/** After so many the search is given up. */
const searchLimit = 1000
/** Milliseconds by which the clock of the server may be behind ours. */
const tolerance = 86_400_000

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

/** Takes away what it finds, from the newest message back. @returns whether what is left is certainly not there */
async function search(context: PluginContext, missing: Set<SentMessage>, signal: AbortSignal): Promise<boolean> {
  const start = new Date(Math.min(...[...missing].map(({ stamp }) => stamp.getTime())) - tolerance)
  const target = { archive: undefined, filter: { start }, signal }
  let looked = 0
  let isStable = true
  for await (const page of paginate({ before: '', max }, (request) =>
    fetchPage(context, target, { ...request, max }),
  )) {
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

/** XEP-0313 §4.2: the archive gives the sender. Nobody else can make a message look as if we had sent it. */
const isOwn = ({ account }: PluginContext, { from }: Message): boolean => from?.bare.equals(account) === true

/** Both ids are ours, so either will do: some servers keep no payloads (XEP-0313 §3). */
function isSame(one: Message, other: Message): boolean {
  if (one.to?.bare.toString() !== other.to?.bare.toString()) return false
  const origin = originId(one)
  return (origin !== undefined && origin === originId(other)) || (one.id !== undefined && one.id === other.id)
}
