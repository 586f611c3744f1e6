import { attr, children, element, type Infer, optional, uint } from '@couplet/stanza'

/** The namespace of fallback indications (XEP-0428). */
export const NS_FALLBACK = 'urn:xmpp:fallback:0'

const region = {
  /** The code points before the first one (XEP-0426 §3). */
  start: optional(attr('start', uint)),
  /** The code points up to and with the last one. */
  end: optional(attr('end', uint)),
}

/**
 * Says that texts of a message, or parts of them, are there for clients that do not know a protocol (XEP-0428 §2.2).
 * Without subjects and bodies it is about all of them.
 */
export const Fallback = element(NS_FALLBACK, 'fallback', {
  /** The namespace of the protocol. */
  for: optional(attr('for')),
  subjects: children(element(NS_FALLBACK, 'subject', region)),
  bodies: children(element(NS_FALLBACK, 'body', region)),
})
/** The value of the definition of the same name. */
export type Fallback = Infer<typeof Fallback>
