import { SendTicket } from './send-ticket.js'
import type { SavedStanza } from './session-journal.js'

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
