import { getDiscoInfo, getDiscoItems, NS_DISCO_INFO, NS_DISCO_ITEMS } from '@couplet/disco'
import { getArchiveMetadata, queryArchive } from '@couplet/mam'
import {
  type Affiliation,
  getAdmin,
  getOwner,
  type MucAdminItem,
  type MucDestroy,
  MucUser,
  NS_MUC,
  type Role,
  setAdmin,
  setOwner,
} from '@couplet/muc'
import { sendPing } from '@couplet/ping'
import {
  Iq,
  type IqProcedure,
  iq,
  Jid,
  Message,
  message,
  Presence,
  readElement,
  StanzaError,
  type StanzaErrorCondition,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import { metadataOf, sendPage } from './archive-page.js'
import type { LoopbackHost, LoopbackModule } from './loopback-module.js'
import { LoopbackRoom, type RoomOccupant, type Words } from './loopback-room.js'
import { configure, describe, formOf } from './room-forms.js'

/** Rooms (XEP-0045) at `rooms.` before the server's domain: as much of them as tests of clients need. */
export function roomsModule(): LoopbackModule {
  return { name: 'rooms', setup: (host) => void new RoomService(host) }
}

const no = (condition: StanzaErrorCondition): StanzaError => new StanzaError({ condition })

class RoomService {
  readonly #host: LoopbackHost
  readonly #domain: string
  readonly #rooms = new Map<string, LoopbackRoom>()

  constructor(host: LoopbackHost) {
    this.#host = host
    this.#domain = `rooms.${host.domain}`
    host.serve(this.#domain, (stanza) => this.#take(stanza))
  }

  #take(stanza: XmlElement): void {
    const from = Jid.tryParse(stanza.attr('from') ?? '')
    const to = Jid.tryParse(stanza.attr('to') ?? '')
    if (from === undefined || to === undefined) return
    const room = this.#rooms.get(to.bare.toString())
    try {
      if (stanza.attr('type') === 'error') this.#ghost(room, from)
      else if (stanza.name === 'presence') this.#presence(room, from, to, new Presence(stanza))
      else if (stanza.name === 'message') this.#message(room, from, to, stanza)
      else if (stanza.attr('type') !== 'result') this.#request(room, from, to, new Iq(stanza))
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      const attributes = { type: 'error', id: stanza.attr('id'), from: to.toString(), to: from.toString() }
      this.#host.route(xml(stanza.ns, stanza.name, attributes, ...stanza.elements(), error.element))
    }
  }

  /** What was sent to somebody came back: they are not there any more. */
  #ghost(room: LoopbackRoom | undefined, from: Jid): void {
    const occupant = room?.of(from)
    if (room !== undefined && occupant !== undefined) this.#leave(room, occupant, from, [307, 333])
  }

  #presence(room: LoopbackRoom | undefined, from: Jid, to: Jid, stanza: Presence): void {
    if (stanza.type === 'unavailable') {
      const occupant = room?.of(from)
      if (room !== undefined && occupant !== undefined) this.#leave(room, occupant, from)
    } else if (stanza.type === undefined) {
      if (to.resource === undefined) throw no('jid-malformed')
      const entered = this.#roomFor(room, from, to)
      try {
        entered.available(from, to.resource, stanza)
      } finally {
        this.#forgetEmpty(entered) // made for nobody, if it did not let them in
      }
    }
  }

  /** A room that is not there is made by whoever enters (XEP-0045 §10.1). */
  #roomFor(room: LoopbackRoom | undefined, from: Jid, to: Jid): LoopbackRoom {
    if (room !== undefined) return room
    const created = new LoopbackRoom(to.bare, (stanza) => this.#host.route(stanza))
    created.affiliations.set(from.bare.toString(), 'owner')
    this.#rooms.set(to.bare.toString(), created)
    return created
  }

  #leave(room: LoopbackRoom, occupant: RoomOccupant, from: Jid | undefined, codes?: readonly number[]): void {
    room.leave(occupant, from, codes)
    this.#forgetEmpty(room)
  }

  #forgetEmpty({ occupants, settings, jid }: LoopbackRoom): void {
    if (occupants.size === 0 && !settings.isPersistent) this.#rooms.delete(jid.toString())
  }

  #message(room: LoopbackRoom | undefined, from: Jid, to: Jid, stanza: XmlElement): void {
    if (room === undefined) throw no('item-not-found')
    const occupant = room.of(from)
    const user = stanza.get(MucUser)
    if (user?.decline !== undefined && to.isBare()) {
      this.#pass(room, user.decline.to, { ...user, decline: { from: from.bare, reason: user.decline.reason } })
      return
    }
    if (occupant === undefined) throw no('not-acceptable')
    if (to.resource !== undefined) {
      if (new Message(stanza).type === 'groupchat') throw no('bad-request')
      const target = room.occupants.get(to.resource)
      if (target === undefined) throw no('item-not-found')
      room.whisper(occupant, target, stanza)
    } else if (new Message(stanza).type === 'groupchat') room.say(occupant, stanza)
    else for (const invite of user?.invites ?? []) this.#invite(room, from, invite)
  }

  #invite(room: LoopbackRoom, from: Jid, { to, reason, continue: thread }: MucUser['invites'][number]): void {
    if (to !== undefined && room.settings.isMembersOnly && room.affiliationOf(to) === 'none') {
      room.affiliations.set(to.bare.toString(), 'member')
    }
    const invites = [{ from: from.bare, reason, continue: thread }]
    this.#pass(room, to, { invites, items: [], statuses: [], password: room.settings.password })
  }

  #pass(room: LoopbackRoom, to: Jid | undefined, user: MucUser): void {
    if (to === undefined) throw no('bad-request')
    this.#host.route(message({ from: room.jid, to }, MucUser(user)).element)
  }

  #request(room: LoopbackRoom | undefined, from: Jid, to: Jid, request: Iq): void {
    const result = this.#answer(room, from, to, request)
    this.#host.route(iq({ type: 'result', id: request.id, from: to, to: from }, result).element)
  }

  /** @throws StanzaError for what cannot be answered */
  #answer(room: LoopbackRoom | undefined, from: Jid, to: Jid, request: Iq): XmlElement | undefined {
    const is = <Q, R>(pair: IqProcedure<Q, R>): Q | undefined => read(pair, request)
    if (to.local === undefined) return this.#answerForService(request)
    if (room === undefined) throw no('item-not-found')
    if (is(sendPing) !== undefined && to.resource !== undefined) {
      if (room.of(from)?.nick !== to.resource) throw no('not-acceptable')
      return undefined
    }
    if (is(getDiscoInfo) !== undefined && to.isBare()) return describe(room)
    const [query, metadata] = [is(queryArchive), is(getArchiveMetadata)]
    if (query !== undefined || metadata !== undefined) {
      if (!room.mayRead(from)) throw no('forbidden')
      if (query === undefined) return getArchiveMetadata.response?.build(metadataOf(room.archive))
      const route = (stanza: XmlElement): void => this.#host.route(stanza)
      return queryArchive.response?.build(sendPage(room.archive, query, { from: room.jid, to: from }, route))
    }
    const [list, change, owner] = [is(getAdmin), is(setAdmin), is(setOwner)]
    if (list !== undefined) return getAdmin.response?.build({ items: this.#list(room, list.items[0]) })
    if (change !== undefined) return this.#change(room, from, change.items)
    if (is(getOwner) !== undefined || owner !== undefined) {
      if (room.affiliationOf(from) !== 'owner') throw no('forbidden')
      if (owner === undefined) return getOwner.response?.build({ form: formOf(room) })
      if (owner.destroy !== undefined) this.#destroy(room, owner.destroy)
      else configure(room, owner.form)
      return undefined
    }
    throw no('service-unavailable')
  }

  #answerForService(request: Iq): XmlElement {
    if (read(getDiscoInfo, request) !== undefined) {
      const features = [NS_DISCO_INFO, NS_DISCO_ITEMS, NS_MUC]
      return getDiscoInfo.response?.build({
        identities: [{ category: 'conference', type: 'text', name: 'Rooms' }],
        features,
        forms: [],
      }) as XmlElement
    }
    if (read(getDiscoItems, request) === undefined) throw no('service-unavailable')
    const open = [...this.#rooms.values()].filter(({ settings }) => settings.isPublic)
    const items = open.map(({ jid, settings }) => ({ jid, name: settings.name }))
    return getDiscoItems.response?.build({ items }) as XmlElement
  }

  #list(room: LoopbackRoom, item: MucAdminItem | undefined): MucAdminItem[] {
    if (item?.role !== undefined) {
      const found = [...room.occupants.values()].filter(({ role }) => role === item.role)
      return found.map(({ nick, role, account }) => ({
        nick,
        role,
        jid: account,
        affiliation: room.affiliationOf(account),
      }))
    }
    const found = [...room.affiliations].filter(([, affiliation]) => affiliation === item?.affiliation)
    return found.map(([jid, affiliation]) => ({ jid: Jid.parse(jid), affiliation }))
  }

  #change(room: LoopbackRoom, from: Jid, items: readonly MucAdminItem[]): undefined {
    const by = room.of(from)
    for (const { nick, jid, role, affiliation, reason } of items) {
      const words = { reason, actor: by?.nick }
      if (affiliation !== undefined && jid !== undefined) this.#affiliate(room, from, jid, affiliation, words)
      else if (role !== undefined && nick !== undefined) this.#setRole(room, by, nick, role, words)
      else throw no('bad-request')
    }
  }

  #setRole(room: LoopbackRoom, by: RoomOccupant | undefined, nick: string, role: Role, words: Words): void {
    const target = room.occupants.get(nick)
    if (by?.role !== 'moderator') throw no('forbidden')
    if (target === undefined) throw no('item-not-found')
    if (rank(room.affiliationOf(target.account)) > rank(room.affiliationOf(by.account))) throw no('not-allowed')
    if (role === 'none') room.leave(target, undefined, [307], words)
    else {
      target.role = role
      room.update(target)
    }
  }

  #affiliate(room: LoopbackRoom, from: Jid, jid: Jid, affiliation: Affiliation, words: Words): void {
    const own = rank(room.affiliationOf(from))
    if (own < rank('admin')) throw no('forbidden')
    if (Math.max(rank(affiliation), rank(room.affiliationOf(jid))) >= own && own < rank('owner'))
      throw no('not-allowed')
    room.affiliations.set(jid.bare.toString(), affiliation)
    for (const occupant of [...room.occupants.values()].filter(({ account }) => account.equals(jid.bare))) {
      if (affiliation === 'outcast') room.leave(occupant, undefined, [301], words)
      else if (affiliation === 'none' && room.settings.isMembersOnly) room.leave(occupant, undefined, [321], words)
      else {
        if (rank(affiliation) >= rank('admin')) occupant.role = 'moderator'
        room.update(occupant)
      }
    }
  }

  #destroy(room: LoopbackRoom, destroy: MucDestroy): void {
    for (const occupant of [...room.occupants.values()]) room.leave(occupant, undefined, [], { destroy })
    this.#rooms.delete(room.jid.toString())
  }
}

const ranks: readonly Affiliation[] = ['outcast', 'none', 'member', 'admin', 'owner']
const rank = (affiliation: Affiliation): number => ranks.indexOf(affiliation)

/** The payload of a request of this kind. */
function read<Q, R>({ type, request }: IqProcedure<Q, R>, { type: asked, payload }: Iq): Q | undefined {
  if (asked !== type || payload === undefined || !request.matches(payload)) return undefined
  const result = readElement(request, payload)
  if (!result.ok) throw no('bad-request')
  return result.value
}
