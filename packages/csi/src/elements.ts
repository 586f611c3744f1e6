import { type Infer, marker } from '@couplet/stanza'

/** The namespace of client state indication (XEP-0352). */
export const NS_CSI = 'urn:xmpp:csi:0'

/** The stream feature of servers that want to know (XEP-0352 §4.1). */
export const CsiFeature = marker(NS_CSI, 'csi')
/** The value of the definition of the same name. */
export type CsiFeature = Infer<typeof CsiFeature>

/** The user is there again (XEP-0352 §4.2). */
export const CsiActive = marker(NS_CSI, 'active')
/** The value of the definition of the same name. */
export type CsiActive = Infer<typeof CsiActive>

/** Nobody is looking (XEP-0352 §4.2). */
export const CsiInactive = marker(NS_CSI, 'inactive')
/** The value of the definition of the same name. */
export type CsiInactive = Infer<typeof CsiInactive>
