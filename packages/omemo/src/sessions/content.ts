import { Delay } from '@couplet/delay'
import { checkEnvelope, isServerProcessed, readEnvelope } from '@couplet/sce'
import { type Jid, type Message, message, NS_CLIENT, type XmlElement, xml } from '@couplet/stanza'
import { StanzaId } from '@couplet/stanza-id'
import { OmemoError } from '../omemo-error.js'

/** What was inside of a payload. */
export interface OpenedContent {
  readonly content: readonly XmlElement[]
  readonly boundFrom: boolean
  readonly boundTo: boolean
  readonly time: Date | undefined
}

/** Who has sent it to whom, as far as that is known without the payload. */
export interface ContentOrigin {
  readonly from: Jid
  readonly to: Jid
  readonly isRoom: boolean
}

/** What a payload of omemo:2 must have: in a room its address, or a server could pass it on elsewhere (OMEMO S6). */
const profiles = {
  room: { from: 'optional', to: 'required', time: 'optional' },
  chat: { from: 'optional', to: 'optional', time: 'optional' },
} as const

/** The name of an error that an envelope was refused for. */
export class RefusedEnvelope extends Error {
  override readonly name = 'RefusedEnvelope'
}

/** Opens the envelope of omemo:2 (XEP-0420). @throws RefusedEnvelope */
export function openEnvelope(plaintext: Uint8Array, { from, to, isRoom }: ContentOrigin): OpenedContent {
  const read = readEnvelope(plaintext)
  if (!read.ok) throw new RefusedEnvelope(read.error.code)
  const checked = checkEnvelope(read.value, { from, to }, isRoom ? profiles.room : profiles.chat)
  if (!checked.ok) throw new RefusedEnvelope(checked.error.code)
  const { content, boundFrom, boundTo, time } = checked.value
  return { content, boundFrom, boundTo, time }
}

/** What XML cannot carry, and what could not have come out of a message (OMEMO S4). */
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/u

/** Reads the text that is all there is in 0.3; nothing ties it to the stanza. @throws OmemoError `malformed` */
export function openText(plaintext: Uint8Array): OpenedContent {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext)
  } catch {
    throw new OmemoError('malformed')
  }
  if (control.test(text)) throw new OmemoError('malformed')
  return { content: [xml(NS_CLIENT, 'body', {}, text)], boundFrom: false, boundTo: false, time: undefined }
}

/** The body among the elements that were encrypted. */
export function bodyOf(content: readonly XmlElement[]): string | undefined {
  return message({}, ...content).body
}

/** What of the outside is for servers to say, and stays: ids they assign, and when it was sent. */
const isKept = (element: XmlElement): boolean =>
  isServerProcessed(element) && (StanzaId.matches(element) || Delay.matches(element) || element.name === 'occupant-id')

/** The message as if it had never been encrypted: nothing from outside that a server could have put there counts. */
export function plainMessage({ element }: Message, content: readonly XmlElement[]): XmlElement {
  const attributes = Object.fromEntries(element.attributes())
  const kept = [...element.elements()].filter(isKept)
  return xml(element.ns, element.name, attributes, ...content, ...kept)
}
