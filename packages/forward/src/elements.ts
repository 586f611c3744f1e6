import { Delay } from '@couplet/delay'
import { child, element, type Infer, IqElement, MessageElement, optional, PresenceElement } from '@couplet/stanza'

/** The namespace of forwarded stanzas (XEP-0297). */
export const NS_FORWARD = 'urn:xmpp:forward:0'

/**
 * A stanza inside another one, and when it was first received (XEP-0297 §3). On its own it proves nothing: who may forward
 * whose stanzas is up to the protocol it is part of (§7.2).
 */
export const Forwarded = element(NS_FORWARD, 'forwarded', {
  delay: optional(child(Delay)),
  message: optional(child(MessageElement)),
  presence: optional(child(PresenceElement)),
  iq: optional(child(IqElement)),
})
/** The value of the definition of the same name. */
export type Forwarded = Infer<typeof Forwarded>
