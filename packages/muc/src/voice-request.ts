import type { InboundMessage } from '@couplet/client'
import { FormElement, findForm } from '@couplet/forms'
import { type BareJid, type Message, message } from '@couplet/stanza'
import { VoiceRequest } from './elements.js'
import type { RoomEvent } from './room-event.js'

/** Asks for voice. */
export const voiceRequest = (room: BareJid): Message => message({ to: room }, VoiceRequest({ role: 'participant' }))

/** The event of a message from the room itself that asks a moderator for voice. */
export function voiceRequestEvent(received: InboundMessage): RoomEvent | undefined {
  const request = findForm(received.element.all(FormElement), VoiceRequest)
  if (request?.allow === undefined) return undefined
  const { role, jid: asker, nick } = request
  return {
    type: 'voice-requested',
    nick,
    jid: asker,
    role,
    // A component has many addresses: the room asks one of them.
    answer: (allow) =>
      received.reply({ type: 'normal', thread: undefined }, VoiceRequest({ role, jid: asker, nick, allow })),
  }
}
