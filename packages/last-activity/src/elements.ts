import { attr, element, type Infer, iqGet, marker, optional, text, uint } from '@couplet/stanza'

/** The namespace of last activities (XEP-0012). */
export const NS_LAST_ACTIVITY = 'jabber:iq:last'

/** The question (XEP-0012 §2). */
export const LastActivityQuery = marker(NS_LAST_ACTIVITY, 'query')
/** The value of the definition of the same name. */
export type LastActivityQuery = Infer<typeof LastActivityQuery>

/** The answer, which means different things for accounts, clients and servers (XEP-0012 §2). */
export const LastActivity = element(NS_LAST_ACTIVITY, 'query', {
  /** Since an account was last connected, since a user did something, or since a server was started. */
  seconds: attr('seconds', uint),
  /** The status with which an account left (§3). */
  status: optional(text()),
})
/** The value of the definition of the same name. */
export type LastActivity = Infer<typeof LastActivity>

/** The question and its answer (XEP-0012 §2). */
export const queryLastActivity = iqGet(LastActivityQuery, LastActivity)
