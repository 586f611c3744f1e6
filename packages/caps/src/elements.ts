import { attr, element, type Infer, optional } from '@couplet/stanza'

/** The namespace of entity capabilities (XEP-0115), and the feature that says that an entity announces them. */
export const NS_CAPS = 'http://jabber.org/protocol/caps'

/** What the sender of a presence, or the server in its stream features, can do, in short (XEP-0115 §4). */
export const Capabilities = element(NS_CAPS, 'c', {
  /** Bundles of features, before version 1.4 of the XEP. */
  ext: optional(attr('ext')),
  /** The hash function; none before version 1.4. */
  hash: optional(attr('hash')),
  /** The software, as a URI. */
  node: attr('node'),
  /** The verification string: a hash of identities, features and forms. */
  ver: attr('ver'),
})
/** The value of the definition of the same name. */
export type Capabilities = Infer<typeof Capabilities>

/** What this client is called if it does not say: where people find out about this package. */
export const defaultNode = 'https://www.npmjs.com/package/@couplet/caps'
