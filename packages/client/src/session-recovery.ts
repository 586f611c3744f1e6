import type { Message } from '@couplet/stanza'
import type { Outbox } from './outbox.js'
import type { SentFate, SentFinder } from './plugin.js'
import type { SendTicket } from './send-ticket.js'
import { writtenMessage } from './written-message.js'

/** What recovery needs besides the outbox. */
export interface RecoveryOptions {
  /** Finds out what became of messages; without it nobody can. */
  readonly finder: SentFinder | undefined
  /** Ends the search. */
  readonly signal: AbortSignal
  /** Whether the session for which it searches still has its connection. */
  isCurrent(): boolean
  /** Takes what the finder throws. */
  report(error: unknown): void
}

/**
 * Finds out what became of messages that were written in a lost session: those the server has handled are acknowledged,
 * those it never saw are sent again, and those nobody knows about fail. If the connection is lost meanwhile, they wait.
 */
export async function recoverSent(outbox: Outbox, options: RecoveryOptions): Promise<void> {
  const tickets = outbox.uncertain
  if (tickets.length === 0) return
  const fates = await findFates(tickets, options)
  if (!options.isCurrent()) return
  for (const [index, ticket] of tickets.entries()) {
    const fate = fates[index] ?? 'unknown'
    // A room would refuse what comes before we have entered it again.
    const isSafe = ticket.isUnhandled && !/^<message\b[^>]* type='groupchat'/.test(ticket.text)
    outbox.settle(ticket, fate === 'unknown' && isSafe ? 'missing' : fate)
  }
}

async function findFates(tickets: readonly SendTicket[], options: RecoveryOptions): Promise<readonly SentFate[]> {
  const { finder, signal, report } = options
  if (finder === undefined) return []
  const sent = tickets.map(({ text, stamp }) => ({ message: writtenMessage(text), stamp: stamp ?? new Date() }))
  try {
    const fates = await finder(sent.filter(isReadable), signal)
    let found = 0
    return sent.map((each) => (isReadable(each) ? fates[found++] : undefined) ?? 'unknown')
  } catch (error) {
    if (options.isCurrent()) report(error)
    return []
  }
}

type Readable<T> = T & { readonly message: Message }
const isReadable = <T extends { readonly message: Message | undefined }>(sent: T): sent is Readable<T> =>
  sent.message !== undefined
