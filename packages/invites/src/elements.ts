import { attr, element, type Infer, iqSet, marker } from '@couplet/stanza'

/** The namespace of tokens that approve a subscription (XEP-0379), or a registration (XEP-0445). */
export const NS_PARS = 'urn:xmpp:pars:0'
/** The namespace of the stream feature of servers that take them for a registration (XEP-0445 §3). */
export const NS_IBR_TOKEN = 'urn:xmpp:ibr-token:0'
/** The command that makes an invitation to become a contact (XEP-0401 §3). */
export const INVITE_COMMAND = 'urn:xmpp:invite#invite'
/** The command that makes an invitation to register an account (XEP-0401 §3). */
export const CREATE_ACCOUNT_COMMAND = 'urn:xmpp:invite#create-account'

/** Says that this was asked for: in a request to subscribe (XEP-0379 §3.4), or before a registration (XEP-0445 §4). */
export const Preauth = element(NS_PARS, 'preauth', { token: attr('token') })
/** The value of the definition of the same name. */
export type Preauth = Infer<typeof Preauth>

/** Shows the server the token of an invitation, before a registration (XEP-0445 §4). */
export const submitPreauth = iqSet(Preauth)

/** A server takes tokens for registrations (XEP-0445 §3). */
export const PreauthFeature = marker(NS_IBR_TOKEN, 'register')
/** The value of the definition of the same name. */
export type PreauthFeature = Infer<typeof PreauthFeature>

/** The fields that a command answers with (XEP-0401 §5.1); its registry calls the last one `expiry`. */
export const invitationFields = { uri: ['uri'], landingUrl: ['landing-url'], expires: ['expire', 'expiry'] } as const
