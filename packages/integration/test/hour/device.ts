import { bookmarks, joinBookmarked } from '@couplet/bookmarks'
import { caps } from '@couplet/caps'
import { carbons } from '@couplet/carbons'
import type { Client, StateStore } from '@couplet/client'
import { correction } from '@couplet/correction'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { markers } from '@couplet/markers'
import { muc, type Room } from '@couplet/muc'
import { pep } from '@couplet/pep'
import { contactPresence } from '@couplet/presence'
import { pubsub } from '@couplet/pubsub'
import { roster } from '@couplet/roster'
import { type BareJid, Message } from '@couplet/stanza'
import type { Account } from '../../src/lab-server.js'
import { newClient } from '../conformance/open-client.js'
import type { Target } from '../conformance/targets.js'
import type { Diary } from './diary.js'

const plugins = () =>
  [
    disco(),
    caps(),
    roster(),
    contactPresence(),
    carbons(),
    mam({ catchUp: { pageSize: 10 } }),
    muc(),
    pubsub(),
    pep(),
    bookmarks(),
    correction(),
    markers({ answer: 'contacts' }),
  ] as const

type FullClient = Client<ReturnType<typeof plugins>>

/** One device of somebody: its client, and what its application keeps. */
export class Device {
  readonly name: string
  readonly client: FullClient
  readonly diary: Diary
  /** What the client has reported as an error. */
  readonly errors: unknown[] = []
  /** How many messages have come from an archive. */
  missed = 0
  readonly #checks = new Set<() => void>()
  /** What is being waited for, for who reads about a test that has stopped. */
  waitingFor: string | undefined

  private constructor(name: string, client: FullClient, diary: Diary) {
    this.name = name
    this.client = client
    this.diary = diary
    const take = (message: Message): void => {
      diary.take(message)
      this.stir()
    }
    client.onMessage(take)
    client.carbons.onMessage(take)
    client.mam.onMissed((message) => {
      this.missed++
      take(message)
    })
    client.roster.onChange(() => this.stir())
    client.presence.onChange(() => this.stir())
    client.bookmarks.onChange(() => this.stir())
    client.on('error', (error) => this.errors.push(error))
  }

  /** Switches a device on; resolves when its own archive is caught up with. */
  static async on(name: string, target: Target, account: Account, store: StateStore, diary: Diary): Promise<Device> {
    const client = await newClient(target, { account, store, reconnect: true, plugins: plugins() })
    const device = new Device(name, client, diary)
    const caughtUp = new Promise((resolve) => client.mam.onCaughtUp(resolve))
    await client.online()
    await caughtUp
    return device
  }

  /** Something has changed. */
  stir(): void {
    for (const check of this.#checks) check()
  }

  /** Resolves when something holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return
    this.waitingFor = what
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!holds()) return
        this.#checks.delete(check)
        resolve()
      }
      this.#checks.add(check)
    })
    this.waitingFor = undefined
  }

  /** Sends a message, which this device then has. */
  async say(message: Message): Promise<void> {
    const sent = this.client.send(message)
    await sent.acked
    this.diary.take(new Message(message.element.with({ id: sent.id })))
    this.stir()
  }

  /** Says that everything up to a message has been displayed. */
  async mark(message: Message): Promise<void> {
    await (await this.client.markers.displayed(message))?.acked
    this.diary.displayed.set(this.client.account.toString(), message.id ?? '')
    this.stir()
  }

  /** Makes a room that everybody may change the subject of, and enters it. */
  async create(address: BareJid, nick: string): Promise<void> {
    const room = await this.client.muc.create(address, { nick, settings: { canChangeSubject: true } })
    await this.#inside(room)
  }

  /** Enters the rooms that the user wants to be in, and gets what was said there since this device was. */
  async enterRooms(): Promise<void> {
    for (const outcome of await joinBookmarked(this.client)) {
      if (outcome.state !== 'joined') throw new Error(`not in ${outcome.bookmark.jid}`, { cause: outcome })
      await this.#inside(outcome.room)
    }
  }

  /** The room, while this device is in it. */
  room(address: BareJid): Room {
    const room = this.client.muc.rooms.get(address.toString())
    if (room === undefined) throw new Error(`${this.name} is not in ${address}`)
    return room
  }

  /** Who is in the room, and what it is about. */
  stateOf(address: BareJid) {
    const room = this.client.muc.rooms.get(address.toString())
    const occupants = [...(room?.occupants.values() ?? [])].map(
      ({ nick, role, affiliation, occupantId, show }) => `${nick} ${role} ${affiliation} ${occupantId} ${show}`,
    )
    return { subject: room?.subject, state: room?.state, nick: room?.nick, occupants: occupants.sort() }
  }

  /** The contacts. */
  get contacts() {
    return [...this.client.roster.contacts.values()]
      .map(({ jid, name, subscription, asked, groups }) => ({ jid: `${jid}`, name, subscription, asked, groups }))
      .sort((one, other) => one.jid.localeCompare(other.jid))
  }

  /** The bookmarks. */
  get bookmarks() {
    return [...this.client.bookmarks.all.values()]
      .map(({ jid, name, autojoin, nick }) => ({ jid: `${jid}`, name, autojoin, nick }))
      .sort((one, other) => one.jid.localeCompare(other.jid))
  }

  /** How available somebody is. */
  availability(account: BareJid) {
    return this.client.presence.of(account).map(({ show, status }) => `${show} ${status}`)
  }

  async #inside(room: Room): Promise<void> {
    room.onOccupant(() => this.stir())
    room.onSubject(() => this.stir())
    await this.client.mam.catchUp({ archive: room.jid })
  }
}
