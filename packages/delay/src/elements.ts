import { attr, dateTime, element, type Infer, jid, optional, text } from '@couplet/stanza'

/** The namespace of delayed delivery (XEP-0203). */
export const NS_DELAY = 'urn:xmpp:delay'

/** Says when a stanza was sent that is delivered late (XEP-0203 §2). Whether to believe it: `trustedDelay`. */
export const Delay = element(NS_DELAY, 'delay', {
  /** Who delayed it: a server, a room. */
  from: optional(attr('from', jid)),
  /** When it was sent, to the millisecond. */
  stamp: attr('stamp', dateTime),
  /** Why, for people. */
  reason: optional(text()),
})
/** The value of the definition of the same name. */
export type Delay = Infer<typeof Delay>
