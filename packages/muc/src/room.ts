import type { CallOptions, Handled, PluginContext, SendHandle, Subscription } from '@couplet/client'
import { type BareJid, Jid, type MessageInit, message, presence, type XmlElement } from '@couplet/stanza'
import { until } from './deferred.js'
import type { Entry, RoomAvailability } from './entry.js'
import { type InvitationOptions, invitationTo, privateMark } from './invitation-stanza.js'
import type { Occupant, OccupantChange } from './occupants.js'
import { randomId } from './random-id.js'
import { RoomAdmin } from './room-admin.js'
import type { RoomCore, RoomState } from './room-core.js'
import { RoomError } from './room-error.js'
import type { RoomAnonymity, RoomEvent } from './room-event.js'
import type { RoomMessage, SubjectChange } from './room-message.js'
import { voiceRequest } from './voice-request.js'

/** What can be said: a text, or what a message is made of. */
export type RoomContent = string | Omit<MessageInit, 'to' | 'type'>

/** Milliseconds for the room to take a new nickname. */
const renameLimit = 60_000

/** A room we are in (XEP-0045). Lives on across connections, until {@link state} is `left`. */
export class Room extends RoomAdmin {
  readonly #context: PluginContext
  readonly #core: RoomCore
  readonly #entry: Entry

  /** @internal */
  constructor(context: PluginContext, core: RoomCore, entry: Entry) {
    super(context, core.jid)
    this.#context = context
    this.#core = core
    this.#entry = entry
  }

  /** The address of the room. */
  get jid(): BareJid {
    return this.#core.jid
  }

  /** What we are called here; the room may have chosen another nickname than was asked for. */
  get nick(): string {
    return this.#core.nick
  }

  /** How we stand with the room. While the connection is lost, as it was before. */
  get state(): RoomState {
    return this.#core.state
  }

  /** Whether we have created it by entering, now or when we came back (status 201). */
  get isNew(): boolean {
    return this.#core.isNew
  }

  /** Who is here, by nickname; live, and empty when we are out. At most 10,000 are remembered, see the event `overflow`. */
  get occupants(): ReadonlyMap<string, Occupant> {
    return this.#core.occupants.all
  }

  /** Ourselves, with role and affiliation. */
  get me(): Occupant | undefined {
    return this.#core.occupants.all.get(this.#core.nick)
  }

  /** What the room is about; `''` if it has no subject, `undefined` until it has said so. */
  get subject(): string | undefined {
    return this.#core.subject
  }

  /** Who sees our real address, as far as the room has said. */
  get anonymity(): RoomAnonymity | undefined {
    return this.#core.anonymity
  }

  /** Whether the room has said that what is said is recorded for the public. */
  get isLogged(): boolean {
    return this.#core.isLogged
  }

  /** Whether the room has said that it assigns occupant identifiers (XEP-0421 §3.1). */
  get assignsOccupantIds(): boolean {
    return this.#core.assignsOccupantIds
  }

  /**
   * Says something to all (§7.4). While we are on our way back into the room it waits, and fails if we never get there or
   * the client closes; it comes back by `onMessage` with `isOwn`, and as the client's event `undeliverable` if the room
   * refuses it.
   *
   * @throws RoomError `left` if we are not in the room any more
   */
  send(content: RoomContent, ...payloads: readonly XmlElement[]): SendHandle {
    return this.#say({ type: 'groupchat', to: this.jid }, content, payloads)
  }

  /** Says something to one occupant alone (§7.5). @throws RoomError `left` if we are not in the room any more */
  sendPrivate(nick: string, content: RoomContent, ...payloads: readonly XmlElement[]): SendHandle {
    return this.#say({ type: 'chat', to: this.jid.withResource(nick) }, content, [...payloads, privateMark()])
  }

  /** Sets what the room is about, `''` for nothing (§8.1). @throws RoomError `left` */
  setSubject(subject: string): SendHandle {
    return this.#say({ type: 'groupchat', to: this.jid }, { subject }, [])
  }

  /**
   * Takes another nickname; resolves with the one that the room gives (§7.6).
   *
   * @throws StanzaError `conflict` if somebody else has it, and for whatever else the room refuses it
   * @throws RoomError `left` if we are not in the room any more, `lost` if we are not at the moment, `timeout`
   */
  changeNick(nick: string, { signal }: CallOptions = {}): Promise<string> {
    this.#checkInside()
    if (!this.#isInside) throw new RoomError('lost')
    const to = this.jid.withResource(nick)
    if (to.resource === this.nick) return Promise.resolve(nick)
    const renamed = this.#core.rename.begin(to.resource)
    // It is our whole presence there, and takes the place of what we have said before.
    this.#context.send(presence({ ...this.#entry.availability, to }))
    return until(renamed, renameLimit, [signal, this.#context.signal], () => new RoomError('timeout'))
  }

  /** Says how available we are, here and whenever we come back (§7.7). */
  setAvailability(availability: RoomAvailability): void {
    this.#entry.announce(availability)
  }

  /** Leaves; resolves when the room has seen us go (§7.14). @param status a last word */
  leave(status?: string): Promise<void> {
    return this.#entry.leave(status)
  }

  /** Invites somebody: through the room (§7.8.2), or with `direct` from us to them (XEP-0249). */
  invite(jid: Jid | string, options: InvitationOptions = {}): SendHandle {
    this.#checkInside()
    const invitee = typeof jid === 'string' ? Jid.parse(jid) : jid
    return this.#context.send(invitationTo(this.jid, invitee, options))
  }

  /** Asks the moderators for voice (§7.13). */
  requestVoice(): SendHandle {
    this.#checkInside()
    return this.#context.send(voiceRequest(this.jid))
  }

  /**
   * Calls the handler with what is said to all, ours included. The first listener also gets what came before it. The
   * message reaches `client.onMessage` as well.
   */
  onMessage(handler: (message: RoomMessage) => Handled): Subscription {
    return this.#core.messages.on(handler)
  }

  /** Calls the handler with what an occupant says to us alone. It reaches `client.onMessage` as well. */
  onPrivateMessage(handler: (message: RoomMessage) => Handled): Subscription {
    return this.#core.privateMessages.on(handler)
  }

  /** Calls the handler when the subject is another one. */
  onSubject(handler: (change: SubjectChange) => Handled): Subscription {
    return this.#core.subjects.on(handler)
  }

  /** Calls the handler when somebody has entered, changed or gone. */
  onOccupant(handler: (change: OccupantChange) => Handled): Subscription {
    return this.#core.occupantChanges.on(handler)
  }

  /** Calls the handler with what happens to the room, and to us in it. */
  onEvent(handler: (event: RoomEvent) => Handled): Subscription {
    return this.#core.events.on(handler)
  }

  #say(init: Pick<MessageInit, 'to' | 'type'>, content: RoomContent, payloads: readonly XmlElement[]): SendHandle {
    this.#checkInside()
    const { id = randomId(), ...rest } = typeof content === 'string' ? { body: content } : content
    const said = message({ ...rest, id, ...init }, ...payloads)
    if (init.type === 'groupchat') this.#core.sent.add(id)
    return this.#isInside ? this.#context.send(said) : this.#core.heldSends.hold(said, id)
  }

  get #isInside(): boolean {
    return this.state === 'joined' && this.#context.isOnline
  }

  #checkInside(): void {
    if (this.state === 'left') throw new RoomError('left')
  }
}
