/** The namespace of automatic trust management, the `usage` of its trust messages (XEP-0450). */
export const NS_ATM = 'urn:xmpp:atm:1'
