import {
  attr,
  base64,
  children,
  childTexts,
  define,
  type ElementDef,
  element,
  type Jid,
  jid,
  Malformed,
} from '@couplet/stanza'

/** The namespace of trust messages (XEP-0434). */
export const NS_TRUST_MESSAGES = 'urn:xmpp:tm:1'

/** Whose keys, and what the sender thinks of them (XEP-0434 §4). */
const KeyOwnerShape = element(NS_TRUST_MESSAGES, 'key-owner', {
  /** The account; without a resource. */
  jid: attr('jid', jid),
  /** Identifiers of keys that the sender trusts. */
  trust: childTexts('trust', base64),
  /** Identifiers of keys that the sender does not trust. */
  distrust: childTexts('distrust', base64),
})

/** Whose keys, and what the sender thinks of them: at least one identifier (XEP-0434 §4). */
export const KeyOwner: ElementDef<KeyOwner> = define<KeyOwner>(
  NS_TRUST_MESSAGES,
  ['key-owner'],
  KeyOwnerShape.build,
  (node) => {
    const owner = KeyOwnerShape.parse(node)
    if (owner instanceof Malformed) return owner
    if (owner.jid.resource !== undefined) return new Malformed('@jid', 'has a resource')
    const empty = (key: Uint8Array): boolean => key.length === 0
    if (owner.trust.some(empty)) return new Malformed('/trust', 'is empty')
    if (owner.distrust.some(empty)) return new Malformed('/distrust', 'is empty')
    return owner.trust.length + owner.distrust.length > 0 ? owner : new Malformed('/trust|distrust', 'is missing')
  },
)
/** The value of the definition of the same name. */
export interface KeyOwner {
  /** The account; without a resource. */
  readonly jid: Jid
  /** Identifiers of keys that the sender trusts. */
  readonly trust: readonly Uint8Array[]
  /** Identifiers of keys that the sender does not trust. */
  readonly distrust: readonly Uint8Array[]
}

const TrustMessageShape = element(NS_TRUST_MESSAGES, 'trust-message', {
  /** The namespace of the protocol that says what to do with it, such as that of XEP-0450. */
  usage: attr('usage'),
  /** The namespace of the encryption whose keys these are. */
  encryption: attr('encryption'),
  owners: children(KeyOwner),
})

/**
 * What the sender thinks of keys: at least one owner (XEP-0434 §4). It says nothing about who may say so: only an
 * authenticated sender, by the rules of the protocol in `usage`.
 */
export const TrustMessage: ElementDef<TrustMessage> = define<TrustMessage>(
  NS_TRUST_MESSAGES,
  ['trust-message'],
  TrustMessageShape.build,
  (node) => {
    const value = TrustMessageShape.parse(node)
    return value instanceof Malformed || value.owners.length > 0 ? value : new Malformed('/key-owner', 'is missing')
  },
)
/** The value of the definition of the same name. */
export interface TrustMessage {
  /** The namespace of the protocol that says what to do with it, such as that of XEP-0450. */
  readonly usage: string
  /** The namespace of the encryption whose keys these are. */
  readonly encryption: string
  /** Whose keys; at least one. */
  readonly owners: readonly KeyOwner[]
}
