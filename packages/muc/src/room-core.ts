import type { PluginContext, PluginEvent } from '@couplet/client'
import type { BareJid, FullJid } from '@couplet/stanza'
import { NS_OCCUPANT_ID } from './elements.js'
import { HeldEvent } from './held-event.js'
import { HeldSends } from './held-sends.js'
import { type OccupantChange, Occupants } from './occupants.js'
import { RecentKeys } from './recent-keys.js'
import { Rename } from './rename.js'
import { eventsOfStatuses, type RoomAnonymity, type RoomEvent } from './room-event.js'
import { RoomHistory } from './room-history.js'
import type { RoomMessage, SubjectChange } from './room-message.js'

/**
 * How we stand with a room: on our way in for the first time, in, on our way back (after a new session, or because the
 * room had forgotten us), or out for good.
 */
export type RoomState = 'entering' | 'joined' | 'lost' | 'left'

/** What is known about a room we are in, shared by those who find it out. */
export class RoomCore {
  readonly jid: BareJid
  /** What we are to be called, while we are only known by what an earlier process was called in our session. */
  wished: string | undefined
  subject: string | undefined
  anonymity: RoomAnonymity | undefined
  isLogged = false
  isNew = false
  /** What the room says it can do; `undefined` until it has. */
  features: ReadonlySet<string> | undefined
  readonly history = new RoomHistory()
  readonly rename = new Rename()
  readonly occupants = new Occupants(() => this.assignsOccupantIds)
  readonly sent = new RecentKeys(1000)
  readonly seen = new RecentKeys(500)
  readonly heldSends: HeldSends
  readonly messages: HeldEvent<[RoomMessage]>
  readonly privateMessages: HeldEvent<[RoomMessage]>
  readonly subjects: HeldEvent<[SubjectChange]>
  readonly events: HeldEvent<[RoomEvent]>
  readonly occupantChanges: PluginEvent<[OccupantChange]>
  readonly #changed: () => void
  #nick: string
  #state: RoomState = 'entering'

  /** @param changed called when we are in or out, or have another nickname */
  constructor(context: PluginContext, occupant: FullJid, changed: () => void) {
    this.jid = occupant.bare
    this.#nick = occupant.resource
    this.#changed = changed
    this.heldSends = new HeldSends((message) => context.send(message))
    this.messages = new HeldEvent(context.event())
    this.privateMessages = new HeldEvent(context.event())
    this.subjects = new HeldEvent(context.event())
    this.events = new HeldEvent(context.event())
    this.occupantChanges = context.event<[OccupantChange]>()
  }

  /** What we are called there. */
  get nick(): string {
    return this.#nick
  }

  set nick(nick: string) {
    this.#nick = nick
    this.#changed()
  }

  /** How we stand with the room. */
  get state(): RoomState {
    return this.#state
  }

  set state(state: RoomState) {
    this.#state = state
    this.#changed()
  }

  /** Whether the room has us: we have entered it in this session, or an earlier process has. */
  get isInside(): boolean {
    return this.#state === 'joined' || this.wished !== undefined
  }

  /** An earlier process has entered it in our session: first we are who it was. */
  inherit(nick: string): void {
    this.wished ??= this.#nick
    this.nick = nick
  }

  /** The session is another one: we are who we want to be. */
  disinherit(): void {
    if (this.wished === undefined) return
    const nick = this.wished
    this.wished = undefined
    this.nick = nick
  }

  /** Our own address in the room. */
  get occupant(): FullJid {
    return this.jid.withResource(this.nick)
  }

  /** Whether the room assigns identifiers, by its own word (XEP-0421 §3.4). */
  get assignsOccupantIds(): boolean {
    return this.features?.has(NS_OCCUPANT_ID) === true
  }

  /** Tells what status codes of the room say, and remembers it (S-146). */
  takeStatuses(codes: readonly number[], isChange: boolean): void {
    for (const event of eventsOfStatuses(codes, isChange)) {
      // Some rooms say it with every presence of ours.
      if (event.type === 'anonymity' && event.anonymity === this.anonymity) continue
      if (event.type === 'logging' && event.isLogged === this.isLogged) continue
      if (event.type === 'anonymity') this.anonymity = event.anonymity
      if (event.type === 'logging') this.isLogged = event.isLogged
      this.events.emit(event)
    }
  }
}
