import type { ConnectionError } from './connection-error.js'
import type { Saved, SavedStanza } from './saved-session.js'
import { SendTicket } from './send-ticket.js'

/** What the journal keeps of a send. */
export const savedTicket = ({ id, text, stamp, uncertain, isUnhandled, deaths }: SendTicket): SavedStanza => ({
  id,
  text,
  ...(stamp && { stamp: stamp.getTime() }),
  ...(uncertain && { uncertain }),
  ...(isUnhandled && { isUnhandled }),
  ...(deaths > 0 && { deaths }),
})

/** A send of a client that is no more; what was not worth keeping is an IQ without content. */
export function ticketOf(saved: SavedStanza | undefined): SendTicket {
  if (saved === undefined) return new SendTicket('', '', 'iq')
  const ticket = new SendTicket(saved.id, saved.text, /^<presence\b/.test(saved.text) ? 'presence' : 'message')
  if (saved.stamp !== undefined) ticket.stamp = new Date(saved.stamp)
  ticket.uncertain = saved.uncertain === true
  ticket.isUnhandled = saved.isUnhandled === true
  ticket.deaths = saved.deaths ?? 0
  return ticket
}

/**
 * The sends of a client that is no more, in order.
 *
 * @param unsent told of a message that is given up: nobody holds its promises
 */
export function savedTickets(
  { session, written, queued }: Saved,
  unsent: (text: string, error: ConnectionError) => void,
) {
  const ticket = (saved: SavedStanza | undefined): SendTicket => {
    const made = ticketOf(saved)
    const { kind, text } = made
    // Presences are announced anew, and nobody waits for the answer to an IQ.
    if (kind === 'message') made.acked.catch((error: ConnectionError) => unsent(text, error))
    return made
  }
  const unacked: SendTicket[] = []
  for (let number = session.acked; number < session.sent; number++) unacked.push(ticket(written.get(number)))
  return { unacked, queued: queued.map((each) => Object.assign(ticket(each), { place: each.place })) }
}
