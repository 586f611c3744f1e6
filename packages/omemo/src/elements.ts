/** The namespace of shared files (XEP-0447). */
export const NS_SFS = 'urn:xmpp:sfs:0'

/** What is shown in a conversation besides text: reactions (XEP-0444), files and references to them, and what takes something back. */
export const spokenNamespaces: readonly string[] = [
  'urn:xmpp:reactions:0',
  NS_SFS,
  'jabber:x:oob',
  'urn:xmpp:reference:0',
  'urn:xmpp:message-retract:1',
]
