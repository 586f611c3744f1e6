import { getDiscoInfo } from '@couplet/disco'
import {
  type MessageInit,
  message,
  type PresenceInit,
  presence,
  StanzaError,
  type StanzaErrorCondition,
  type XmlElement,
} from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { vi } from 'vitest'
import { type JoinOptions, type Muc, MucUser, muc, NS_OCCUPANT_ID, type Room, type RoomEvent } from '../src/index.js'

/** The address of the room of these tests. */
export const cave = 'cave@rooms.example.org'
/** Our nickname in it. */
export const me = 'me'

/** What a room says, all of it optional. */
export const user = (value: Partial<MucUser> = {}): XmlElement =>
  MucUser({ invites: [], items: [], statuses: [], ...value })

/** A session with the plugin, and rooms that answer as a test tells them. */
export class RoomScene {
  readonly session: FakeSession
  readonly muc: Muc
  /** What rooms say that they can do. */
  features: readonly string[] = [NS_OCCUPANT_ID]

  constructor(options: Parameters<typeof fakeSession>[0] = {}) {
    this.session = fakeSession(options)
    this.muc = this.session.install(muc())
    this.session.answer(getDiscoInfo, () => ({ identities: [], features: this.features, forms: [] }))
  }

  /** A presence from an occupant. */
  presence(nick: string, init: PresenceInit = {}, said: Partial<MucUser> = {}, ...more: readonly XmlElement[]): void {
    const item = { affiliation: 'none', role: init.type === 'unavailable' ? 'none' : 'participant' } as const
    this.session.receive(presence({ ...init, from: `${cave}/${nick}` }, user({ items: [item], ...said }), ...more))
  }

  /** A groupchat message from an occupant; from the room itself without a nickname. */
  say(nick: string | undefined, init: MessageInit | string, ...payloads: readonly XmlElement[]): void {
    const content = typeof init === 'string' ? { body: init } : init
    const from = nick === undefined ? cave : `${cave}/${nick}`
    this.session.receive(message({ type: 'groupchat', ...content, from }, ...payloads))
  }

  /** The room lets us in. */
  letIn(nick: string = me, codes: readonly number[] = []): void {
    this.presence(nick, {}, { statuses: [110, ...codes] })
  }

  /** Enters, with somebody else there, and a subject after it. */
  async enter(options: JoinOptions = {}): Promise<Room> {
    const joined = this.muc.join(cave, { nick: me, ...options })
    this.presence('bob')
    this.letIn()
    this.say(undefined, { subject: '' })
    const room = await joined
    await this.session.settled()
    return room
  }

  /** The presences that were sent to rooms, as `type to`. */
  get told(): readonly string[] {
    return this.session.sent.flatMap((sent) =>
      sent.element.name === 'presence' ? [`${sent.element.attr('type') ?? 'available'} ${sent.to}`] : [],
    )
  }
}

/** A new session begins: rooms know nothing of it. */
export const newSession = async (scene: RoomScene): Promise<void> => {
  scene.session.lose()
  await scene.session.begin()
}

/** The room says no. */
export const refuse = (scene: RoomScene, condition: StanzaErrorCondition): void =>
  scene.session.receive(presence({ type: 'error', from: `${cave}/${me}` }, new StanzaError({ condition }).element))

/** In a room, on a fake clock, with what is told from now on. */
export async function inside() {
  const scene = new RoomScene()
  const room = await scene.enter()
  const events: RoomEvent[] = []
  room.onEvent((event) => void events.push(event))
  await vi.advanceTimersByTimeAsync(0)
  events.length = 0
  return { scene, room, events }
}
