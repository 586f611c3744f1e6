import { MalformedElementError, type XmlElement } from '@couplet/stanza'
import { Failed, Resumed } from './elements.js'
import type { Resumption } from './login.js'
import type { Negotiation } from './negotiation.js'
import { readRequired } from './server-offer.js'

/** XEP-0198 §4: counters have 32 bits. */
const maxCount = 0xffff_ffff

/**
 * `<resumed/>` for the session we asked for, and for no other (XEP-0198 §5, S-167).
 *
 * @throws ConnectionError, MalformedElementError
 */
export function readResumed(negotiation: Negotiation, element: XmlElement, resumption: Resumption): { h: number } {
  const { previd, h } = readRequired(Resumed, element)
  if (previd !== resumption.previd) {
    negotiation.refuse('bind', 'unexpected-element', 'the server resumed another session')
  }
  return { h: checkCount(h, 'resumed@h') }
}

/** `<failed/>`; `h` if the server still knows how far it had come. @throws MalformedElementError */
export function readFailed(element: XmlElement): { h: number | undefined } {
  const { h } = readRequired(Failed, element)
  return { h: h === undefined ? undefined : checkCount(h, 'failed@h') }
}

function checkCount(h: number, path: string): number {
  if (h > maxCount) throw new MalformedElementError(path, 'has more than 32 bits')
  return h
}
