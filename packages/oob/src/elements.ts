import { attr, childText, element, type Infer, iqSet, optional } from '@couplet/stanza'

/** The namespace of addresses in messages (XEP-0066 §3). */
export const NS_OOB = 'jabber:x:oob'
/** The namespace of offers to fetch something (XEP-0066 §2). */
export const NS_OOB_IQ = 'jabber:iq:oob'

/** Offers something to fetch (XEP-0066 §2). */
export const OobQuery = element(NS_OOB_IQ, 'query', {
  url: childText('url'),
  /** What it is, for people. */
  desc: optional(childText('desc')),
  /** The stream it has been negotiated as (§6). */
  sid: optional(attr('sid')),
})
/** The value of the definition of the same name. */
export type OobQuery = Infer<typeof OobQuery>

/** Offers something to fetch; the answer, which is empty, comes when the whole of it has been fetched (XEP-0066 §2). */
export const offerOob = iqSet(OobQuery)

/** The address of something outside of XMPP (XEP-0066 §3): any URI, of any scheme, as the sender wrote it. */
export const OobData = element(NS_OOB, 'x', {
  url: childText('url'),
  /** What it is, for people. */
  desc: optional(childText('desc')),
})
/** The value of the definition of the same name. */
export type OobData = Infer<typeof OobData>
