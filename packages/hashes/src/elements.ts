import { attr, base64, element, type Infer, text } from '@couplet/stanza'

/** The namespace of hashes (XEP-0300), and the feature of those who know it. */
export const NS_HASHES = 'urn:xmpp:hashes:2'
/** With the name of a hash function behind it, the feature of those who can compute it (XEP-0300 §5). */
export const NS_HASH_FUNCTION = 'urn:xmpp:hash-function-text-names:'

/** A hash value and how it was made (XEP-0300 §3). Any function can be named; see `verifyHash` for those that count. */
export const Hash = element(NS_HASHES, 'hash', {
  /** The name in IANA's registry, in lower case: `sha-256`. */
  algo: attr('algo'),
  value: text(base64),
})
/** The value of the definition of the same name. */
export type Hash = Infer<typeof Hash>

/** The hash function whose value comes later (XEP-0300 §3). */
export const HashUsed = element(NS_HASHES, 'hash-used', { algo: attr('algo') })
/** The value of the definition of the same name. */
export type HashUsed = Infer<typeof HashUsed>
