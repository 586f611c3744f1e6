import { randomBytes } from 'node:crypto'
import { type Jid, NS_CLIENT, xml } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { NS_ENVELOPE, NS_LEGACY, NS_OMEMO_2, type Version } from './elements.js'

/** The JIDs that an envelope is bound to. */
interface Affix {
  readonly from: Jid | string
  readonly to?: Jid | string | undefined
}

/** What each version encrypts: 0.3 the text, the newer ones an envelope around it (XEP-0420 §3). */
export const plaintextsOf = (body: string, { from, to }: Affix): Readonly<Record<Version, string>> => ({
  [NS_LEGACY]: body,
  [NS_OMEMO_2]: String(
    xml(
      NS_ENVELOPE,
      'envelope',
      {},
      xml(NS_ENVELOPE, 'content', {}, xml(NS_CLIENT, 'body', {}, body)),
      xml(NS_ENVELOPE, 'rpad', {}, randomBytes(24).toString('base64url')),
      xml(NS_ENVELOPE, 'from', { jid: String(from) }),
      ...(to === undefined ? [] : [xml(NS_ENVELOPE, 'to', { jid: String(to) })]),
    ),
  ),
})

/** The body in what a version has decrypted. */
export const bodyIn = (version: Version, plaintext: string): string | undefined => {
  if (version === NS_LEGACY) return plaintext
  return parseXml(plaintext).child('content')?.child('body', NS_CLIENT)?.text
}
