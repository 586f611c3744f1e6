import { Jid, type XmlElement } from '@couplet/stanza'
import type { Addressing } from './addressing.js'
import type { Emitter } from './events.js'
import { checkSender } from './inbound-message.js'

/**
 * Whether a stanza is for this session: without an addressee (RFC 6120 §8.1.1.1), for the account, or for its full JID.
 *
 * A message may also name another resource: the server hands on one whose addressee has gone (RFC 6121 §8.5.3.2.1). A
 * stanza for anybody else is not ours to act upon, and its request not ours to answer.
 *
 * @param ownJid the full JID of the session
 */
export function checkAddressee(element: XmlElement, ownJid: Jid): boolean {
  const to = element.attr('to')
  // Nearly always one of these; anything else is compared as a JID, since servers may write ours in another form.
  if (to === undefined || to === ownJid.toString() || to === ownJid.bare.toString()) return true
  const addressee = Jid.tryParse(to)
  if (addressee === undefined || !addressee.bare.equals(ownJid.bare)) return false
  return addressee.isBare() || element.name === 'message' || addressee.equals(ownJid)
}

/** Whether a stanza is one that can be looked at: from somebody, and for us. What is not is reported. */
export function admits(
  element: XmlElement,
  ownJid: Jid,
  events: Emitter,
  addressing: Pick<Addressing, 'isOurs'>,
): boolean {
  // A sender that is no JID is nobody: RFC 6120 §8.1.2 forbids it, and no rule about senders could be applied.
  const error = checkSender(element)
  if (error !== undefined) {
    events.emit('malformed', { error, stanza: element })
    return false
  }
  if (addressing.isOurs(element, ownJid)) return true
  events.emit('rejected', { reason: 'addressee', stanza: element })
  return false
}
