// Namespaces that the stanza model itself needs; every other package has its own `elements.ts`.

/** RFC 6120 §4.8.1: the namespace of the stream itself. */
export const NS_STREAM = 'http://etherx.jabber.org/streams'
/** RFC 6120 §4.8.2: the content namespace of client streams. */
export const NS_CLIENT = 'jabber:client'
/** RFC 6120 §4.9.2: stream error conditions. */
export const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
/** RFC 6120 §8.3.2: stanza error conditions. */
export const NS_STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
/** XML Namespaces §3: what the prefix `xml` is bound to. */
export const NS_XML = 'http://www.w3.org/XML/1998/namespace'
