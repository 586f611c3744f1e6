import { Forwarded } from '@couplet/forward'
import { child, element, type Infer, iqSet, marker } from '@couplet/stanza'

/** The namespace of message carbons (XEP-0280). */
export const NS_CARBONS = 'urn:xmpp:carbons:2'

/** Asks for copies (XEP-0280 §4). */
export const EnableCarbons = marker(NS_CARBONS, 'enable')
/** The value of the definition of the same name. */
export type EnableCarbons = Infer<typeof EnableCarbons>

/** Wants no more copies (XEP-0280 §5). */
export const DisableCarbons = marker(NS_CARBONS, 'disable')
/** The value of the definition of the same name. */
export type DisableCarbons = Infer<typeof DisableCarbons>

/** In a message: no copies of it, together with the hint `no-copy` (XEP-0280 §9). */
export const PrivateMessage = marker(NS_CARBONS, 'private')
/** The value of the definition of the same name. */
export type PrivateMessage = Infer<typeof PrivateMessage>

/** A copy of what another client of ours has received (XEP-0280 §7). */
export const ReceivedCarbon = element(NS_CARBONS, 'received', { forwarded: child(Forwarded) })
/** The value of the definition of the same name. */
export type ReceivedCarbon = Infer<typeof ReceivedCarbon>

/** A copy of what another client of ours has sent (XEP-0280 §8). */
export const SentCarbon = element(NS_CARBONS, 'sent', { forwarded: child(Forwarded) })
/** The value of the definition of the same name. */
export type SentCarbon = Infer<typeof SentCarbon>

/** Asks the own server for copies. */
export const enableCarbons = iqSet(EnableCarbons)
/** Asks it for no more. */
export const disableCarbons = iqSet(DisableCarbons)
