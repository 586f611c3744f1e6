import type { InboundMessage, PluginContext } from '@couplet/client'
import { trustedDelay } from '@couplet/delay'
import { trustedStanzaId } from '@couplet/stanza-id'
import type { Entry } from './entry.js'
import type { Room } from './room.js'
import type { RoomCore } from './room-core.js'
import { roomDelay } from './room-delay.js'
import { RoomMessage } from './room-message.js'
import { roomWord } from './room-presence.js'
import { voiceRequestEvent } from './voice-request.js'

/** What is said in a room, and what the room itself says with messages (XEP-0045 §7.4, §7.5, §8.1, §10.2.1). */
export class RoomInbox {
  readonly #context: PluginContext
  readonly #core: RoomCore
  readonly #entry: Entry
  readonly #room: Room

  constructor(context: PluginContext, core: RoomCore, entry: Entry, room: Room) {
    this.#context = context
    this.#core = core
    this.#entry = entry
    this.#room = room
  }

  /** Takes a message from the room or somebody in it. */
  take(message: InboundMessage): void {
    this.#entry.heard()
    if (message.type === 'groupchat') this.#takeGroupchat(message)
    else if (message.from?.resource !== undefined) this.#takePrivate(message)
    else this.#takeNotice(message)
  }

  #takeGroupchat(message: InboundMessage): void {
    const { from } = message
    // S-140: only the room itself speaks for the room.
    if (from?.resource === undefined) this.#takeNotice(message)
    // XEP-0045 §8.1: a subject and a body together are a message.
    if (message.element.child('subject') !== undefined && message.body === undefined) this.#takeSubject(message)
    else this.#takeMessage(message)
  }

  #takeMessage(message: InboundMessage): void {
    const core = this.#core
    const delay = roomDelay(message, core.jid)
    const isNotice = message.from?.resource === undefined
    // What the room itself says on entering may come before the history.
    const isHistory = (!isNotice || delay !== undefined) && core.history.take(delay, false)
    const key = this.#keyOf(message)
    // What was asked for again, to be sure, was seen before.
    if (isHistory && key !== undefined && core.seen.has(key)) return
    if (key !== undefined) core.seen.add(key)
    const stamp = (isHistory ? delay?.stamp : undefined) ?? new Date()
    if (message.body === undefined && isNotice) return // a notice, taken already
    const isOwn = message.from?.resource === core.nick && message.id !== undefined && core.sent.has(message.id)
    core.messages.emit(new RoomMessage(this.#room, message, { isOwn, isHistory, stamp }))
  }

  #takeSubject(message: InboundMessage): void {
    const core = this.#core
    const delay = roomDelay(message, core.jid)
    core.history.take(delay, true)
    const subject = message.subject ?? ''
    const isNew = subject !== (core.subject ?? '') // having none from the start is no change
    core.subject = subject
    const { from } = message
    if (!isNew || from === undefined) return
    core.subjects.emit({ subject, nick: from.resource, stamp: delay?.stamp ?? new Date(), from })
  }

  /** S-139: somebody who is known here by a nickname, not a contact. */
  #takePrivate(message: InboundMessage): void {
    if (message.type === 'headline') return
    const stamp = trustedDelay(message, this.#context.account)?.stamp ?? new Date()
    const facts = { isOwn: false, isHistory: false, stamp }
    this.#core.privateMessages.emit(new RoomMessage(this.#room, message, facts))
  }

  #takeNotice(message: InboundMessage): void {
    const core = this.#core
    const user = roomWord(message)
    const codes = user?.statuses ?? []
    if (codes.length > 0) {
      core.takeStatuses(codes, true)
      if (codes.some((code) => code !== 101)) core.events.emit({ type: 'configured', codes })
      if (codes.includes(104)) this.#entry.learn()
    }
    const { decline } = user ?? {}
    if (decline !== undefined) core.events.emit({ type: 'declined', from: decline.from, reason: decline.reason })
    const voice = voiceRequestEvent(message)
    if (voice !== undefined) core.events.emit(voice)
  }

  /** By what the room repeats in its history; `undefined` if messages of the same text could not be told apart. */
  #keyOf(message: InboundMessage): string | undefined {
    const id = message.id ?? trustedStanzaId(message, this.#core.jid)
    return id === undefined ? undefined : `${message.from?.resource ?? ''}\n${id}\n${message.body ?? ''}`
  }
}
