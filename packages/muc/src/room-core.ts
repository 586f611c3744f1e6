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
  nick: string
  state: RoomState = 'entering'
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

  constructor(context: PluginContext, occupant: FullJid) {
    this.jid = occupant.bare
    this.nick = occupant.resource
    this.heldSends = new HeldSends((message) => context.send(message))
    this.messages = new HeldEvent(context.event())
    this.privateMessages = new HeldEvent(context.event())
    this.subjects = new HeldEvent(context.event())
    this.events = new HeldEvent(context.event())
    this.occupantChanges = context.event<[OccupantChange]>()
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
