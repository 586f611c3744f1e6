import { attr, element, type Infer, optional } from '@couplet/stanza'

/** The namespace of explicit message encryption (XEP-0380). */
export const NS_EME = 'urn:xmpp:eme:0'

/** Says how a message is encrypted (XEP-0380 §3). It encrypts nothing, and proves nothing. */
export const EncryptionMark = element(NS_EME, 'encryption', {
  /** The namespace of the encryption. */
  namespace: attr('namespace'),
  /** What to call it; left out for those of `encryptionNames` (§4). */
  name: optional(attr('name')),
})
/** The value of the definition of the same name. */
export type EncryptionMark = Infer<typeof EncryptionMark>

/** What the encryptions are called whose names do not go over the wire, by namespace (XEP-0380 §3.2). */
export const encryptionNames: Readonly<Record<string, string>> = {
  'urn:xmpp:otr:0': 'OTR',
  'jabber:x:encrypted': 'Legacy OpenPGP',
  'urn:xmpp:openpgp:0': 'OpenPGP for XMPP',
  'eu.siacs.conversations.axolotl': 'OMEMO',
  'urn:xmpp:omemo:1': 'OMEMO 1',
  'urn:xmpp:omemo:2': 'OMEMO 2',
}
