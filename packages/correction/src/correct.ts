import { Delay } from '@couplet/delay'
import { vouchedBy } from '@couplet/eme'
import { type Message, message, NS_CLIENT, type XmlElement } from '@couplet/stanza'
import { OriginId, StanzaId } from '@couplet/stanza-id'
import { Replace } from './elements.js'
import { correctedId, isUndecrypted } from './is-correction-of.js'

/** What belongs to the one message and not to its content (XEP-0308 §4). */
const ownToEach = [Replace, OriginId, StanzaId, Delay]

/**
 * The message that corrects one of our own: all of it again, with another text and an id of its own (XEP-0308 §4). A
 * correction can be corrected, too; it then stands in the place of the first message.
 *
 * @param original as it was sent, or as a room has sent it back
 * @param body the whole new text
 * @param payloads what stands in the place of payloads of the same name: those that depend on the text, such as ranges
 * @throws TypeError for a message without an id, without a body, of type error, or that was encrypted
 */
export function correct(original: Message, body: string, ...payloads: readonly XmlElement[]): Message {
  const { type, lang } = original
  const id = correctedId(original) ?? original.id
  if (!id) throw new TypeError('a message without an id cannot be corrected')
  if (type === 'error' || original.body === undefined) throw new TypeError('only messages with a body can be corrected')
  if (vouchedBy(original) !== undefined || isUndecrypted(original)) {
    throw new TypeError('what was encrypted is not corrected in the clear: encrypt a Replace with the new text')
  }
  const kept = [...original.element.elements()].filter((node) => {
    if (ownToEach.some((definition) => definition.matches(node))) return false
    return !isBody(node) && !payloads.some(({ ns, name }) => node.ns === ns && node.name === name)
  })
  return message({ to: addresseeOf(original), type, lang, body }, ...kept, ...payloads, Replace({ id }))
}

const isBody = ({ ns, name }: XmlElement): boolean => ns === NS_CLIENT && name === 'body'

/** What a room has sent back comes from us in the room, and goes to the room. */
function addresseeOf({ type, from, to }: Message): Message['to'] {
  return type === 'groupchat' && from !== undefined ? from.bare : to
}
