import type { PluginContext } from '@couplet/client'
import { FormElement, field, findForm, submitForm } from '@couplet/forms'
import { type BareJid, bool, type Infer, jid, type Message, message, oneOf, optional } from '@couplet/stanza'
import { NS_MUC_REQUEST, type Role } from './elements.js'
import type { RoomEvent } from './room-event.js'

/** A request for voice, and the answer to it (XEP-0045 §7.13, §8.6). */
export const VoiceRequest = submitForm(NS_MUC_REQUEST, {
  role: optional(field('muc#role', oneOf<Role>('moderator', 'participant', 'visitor', 'none'))),
  jid: optional(field('muc#jid', jid)),
  nick: optional(field('muc#roomnick')),
  allow: optional(field('muc#request_allow', bool)),
})
/** The value of the definition of the same name. */
export type VoiceRequest = Infer<typeof VoiceRequest>

/** Asks for voice. */
export const voiceRequest = (room: BareJid): Message => message({ to: room }, VoiceRequest({ role: 'participant' }))

/** The event of a message from the room itself that asks a moderator for voice. */
export function voiceRequestEvent(context: PluginContext, room: BareJid, received: Message): RoomEvent | undefined {
  const request = findForm(received.element.all(FormElement), VoiceRequest)
  if (request?.allow === undefined) return undefined
  const { role, jid: asker, nick } = request
  return {
    type: 'voice-requested',
    nick,
    jid: asker,
    role,
    answer: (allow) => context.send(message({ to: room }, VoiceRequest({ role, jid: asker, nick, allow }))),
  }
}
