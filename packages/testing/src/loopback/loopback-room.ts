import { Delay } from '@couplet/delay'
import {
  type Affiliation,
  type MucHistory,
  MucJoin,
  MucUser,
  OccupantId,
  type Role,
  type RoomSettings,
} from '@couplet/muc'
import {
  type BareJid,
  type Jid,
  Message,
  NS_CLIENT,
  type Presence,
  presence,
  StanzaError,
  type StanzaErrorCondition,
  type XmlElement,
  xml,
} from '@couplet/stanza'
import { StanzaId } from '@couplet/stanza-id'
import { withoutForgedIds } from './archive.js'
import { ArchiveStore } from './archive-store.js'

/** Somebody in a room, with every session that is there under the same nickname. */
export interface RoomOccupant {
  nick: string
  role: Role
  readonly account: BareJid
  /** The last presence by full JID. */
  readonly sessions: Map<string, Presence>
}

/** How many messages those who enter may get. */
const historyLimit = 50

/** A room of the loopback server (XEP-0045): who is there, what they say, and what they may. */
export class LoopbackRoom {
  readonly jid: BareJid
  readonly affiliations = new Map<string, Affiliation>()
  readonly occupants = new Map<string, RoomOccupant>()
  /** What was said to all, and what the subject was (XEP-0313 §6.1.2). */
  readonly archive = new ArchiveStore()
  settings: RoomSettings = { isPublic: true, isPersistent: false, canChangeSubject: true, whois: 'moderators' }
  isLocked = true
  #subject: XmlElement | undefined
  readonly #history: { readonly stamp: Date; readonly stanza: XmlElement }[] = []
  readonly #ids = new Map<string, string>()
  readonly #send: (stanza: XmlElement) => void

  constructor(jid: BareJid, send: (stanza: XmlElement) => void) {
    this.jid = jid
    this.#send = send
  }

  /** The occupant a full JID is. */
  of(jid: Jid): RoomOccupant | undefined {
    return [...this.occupants.values()].find(({ sessions }) => sessions.has(jid.toString()))
  }

  /** Whether somebody could enter now, and so may read the archive (XEP-0313 §6.1.2). */
  mayRead(jid: Jid): boolean {
    const affiliation = this.affiliationOf(jid)
    return affiliation !== 'outcast' && !(this.settings.isMembersOnly && affiliation === 'none')
  }

  affiliationOf(jid: Jid): Affiliation {
    return this.affiliations.get(jid.bare.toString()) ?? 'none'
  }

  /** Somebody enters, changes their presence, or takes another nickname. @throws StanzaError if they may not */
  available(from: Jid, nick: string, stanza: Presence): void {
    const known = this.of(from)
    const join = stanza.get(MucJoin)
    if (known === undefined && join === undefined) throw refusal('not-acceptable')
    const holder = this.occupants.get(nick)
    if (holder !== undefined && !holder.account.equals(from.bare)) throw refusal('conflict')
    if (known === undefined || (join !== undefined && known.nick === nick)) this.#enter(from, nick, stanza, join ?? {})
    else if (known.nick !== nick) this.#rename(known, nick, from, stanza)
    else {
      known.sessions.set(from.toString(), stanza)
      this.#broadcast(known)
    }
  }

  /** Somebody goes, by themselves or not. */
  leave(occupant: RoomOccupant, from: Jid | undefined, codes: readonly number[] = [], words: Words = {}): void {
    const gone = from === undefined ? [...occupant.sessions.keys()] : [from.toString()]
    const isLast = gone.length === occupant.sessions.size
    const left: RoomOccupant = { ...occupant, role: 'none' }
    for (const each of gone) this.#tell(left, each, { type: 'unavailable', codes: [...codes, 110], ...words })
    for (const each of gone) occupant.sessions.delete(each)
    if (!isLast) return
    this.occupants.delete(occupant.nick)
    for (const to of this.#sessions()) this.#tell(left, to, { type: 'unavailable', codes, ...words })
  }

  /** Tells everybody what an occupant is now. */
  update(occupant: RoomOccupant): void {
    this.#broadcast(occupant)
  }

  /** What somebody says to all, or that the subject is another one. @throws StanzaError if they may not */
  say(occupant: RoomOccupant, stanza: XmlElement): void {
    const message = new Message(stanza)
    const isSubject = stanza.child('subject') !== undefined && message.body === undefined
    const mayNot = isSubject
      ? !this.settings.canChangeSubject && occupant.role !== 'moderator'
      : occupant.role === 'visitor'
    if (mayNot) throw refusal('forbidden')
    const from = this.jid.withResource(occupant.nick)
    const marked = withoutForgedIds(this.#marked(stanza.with({ from: from.toString() }), occupant.account), this.jid)
    const isKept = isSubject || message.body !== undefined
    const id = isKept ? this.archive.add(from, new Message(marked.with({ to: undefined }))) : undefined
    const said = id === undefined ? marked : marked.with({}, StanzaId({ id, by: this.jid }))
    if (isSubject) this.#subject = said
    else if (message.body !== undefined) {
      this.#history.push({ stamp: new Date(), stanza: said })
      if (this.#history.length > historyLimit) this.#history.shift()
    }
    for (const to of this.#sessions()) this.#send(said.with({ to }))
  }

  /** What somebody says to one occupant alone. */
  whisper(occupant: RoomOccupant, target: RoomOccupant, stanza: XmlElement): void {
    const said = this.#marked(stanza.with({ from: this.#address(occupant) }), occupant.account)
    for (const to of target.sessions.keys()) this.#send(said.with({ to }))
  }

  /** Tells everybody that the settings have changed (XEP-0045 §10.2.1). */
  notify(codes: readonly number[]): void {
    const user = MucUser({ invites: [], items: [], statuses: codes })
    const from = this.jid.toString()
    for (const to of this.#sessions()) this.#send(xml(NS_CLIENT, 'message', { type: 'groupchat', from, to }, user))
  }

  #enter(from: Jid, nick: string, stanza: Presence, { password, history = {} }: MucJoin): void {
    const affiliation = this.affiliationOf(from)
    if (affiliation === 'outcast') throw refusal('forbidden')
    if (this.isLocked && affiliation !== 'owner') throw refusal('item-not-found')
    const { settings } = this
    if (settings.isPasswordProtected && password !== settings.password) throw refusal('not-authorized')
    if (settings.isMembersOnly && affiliation === 'none') throw refusal('registration-required')
    const before = this.of(from)
    if (before !== undefined && before.nick !== nick) this.leave(before, from)
    const occupant = this.occupants.get(nick) ?? this.#newOccupant(nick, from.bare, affiliation)
    for (const other of this.occupants.values()) {
      if (other !== occupant) this.#tell(other, from.toString(), { codes: [] })
    }
    occupant.sessions.set(from.toString(), stanza)
    this.occupants.set(nick, occupant)
    this.#broadcast(occupant, from.toString(), this.#entryCodes)
    this.#replay(from.toString(), history)
  }

  get #entryCodes(): readonly number[] {
    const open = this.settings.whois === 'anyone' ? [100] : []
    return [...open, ...(this.settings.isLogged ? [170] : []), ...(this.isLocked ? [201] : [])]
  }

  #newOccupant(nick: string, account: BareJid, affiliation: Affiliation): RoomOccupant {
    const isModerator = affiliation === 'owner' || affiliation === 'admin'
    const role = isModerator
      ? 'moderator'
      : this.settings.isModerated && affiliation === 'none'
        ? 'visitor'
        : 'participant'
    return { nick, role, account, sessions: new Map() }
  }

  #rename(occupant: RoomOccupant, nick: string, from: Jid, stanza: Presence): void {
    for (const to of this.#sessions()) {
      const own = occupant.sessions.has(to) ? [110] : []
      this.#tell(occupant, to, { type: 'unavailable', codes: [303, ...own], nick })
    }
    this.occupants.delete(occupant.nick)
    occupant.nick = nick
    occupant.sessions.set(from.toString(), stanza)
    this.occupants.set(nick, occupant)
    this.#broadcast(occupant)
  }

  /** To everybody; those who are it hear so, and `entrant` more. */
  #broadcast(occupant: RoomOccupant, entrant?: string, codes: readonly number[] = []): void {
    const isOwn = (to: string): boolean => occupant.sessions.has(to)
    for (const to of this.#sessions()) {
      if (to !== entrant) this.#tell(occupant, to, { codes: isOwn(to) ? [110] : [] })
    }
    if (entrant !== undefined) this.#tell(occupant, entrant, { codes: [110, ...codes] })
  }

  #tell(occupant: RoomOccupant, to: string, { type, codes, nick, reason, actor, destroy }: Words & Told): void {
    const last = [...occupant.sessions.values()].at(-1)
    const seesAll = this.settings.whois === 'anyone' || occupant.sessions.has(to) || this.#isModerator(to)
    const item = {
      affiliation: this.affiliationOf(occupant.account),
      role: type === undefined ? occupant.role : nick === undefined ? 'none' : occupant.role,
      jid: seesAll ? occupant.account : undefined,
      nick,
      actor: actor === undefined ? undefined : { nick: actor },
      reason,
    } as const
    const user = MucUser({ destroy, invites: [], items: [item], statuses: codes })
    const id = OccupantId({ id: this.#occupantId(occupant.account) })
    const init = {
      type,
      show: type === undefined ? last?.show : undefined,
      status: type === undefined ? last?.status : undefined,
    }
    this.#send(presence(init, user, id).element.with({ from: this.#address(occupant), to }))
  }

  #replay(to: string, { maxStanzas = historyLimit, maxChars, seconds, since }: MucHistory): void {
    const oldest = Math.max(since?.getTime() ?? 0, seconds === undefined ? 0 : Date.now() - seconds * 1000)
    const count = maxChars === 0 ? 0 : maxStanzas
    const wanted = this.#history.filter(({ stamp }) => stamp.getTime() >= oldest)
    for (const { stamp, stanza } of count === 0 ? [] : wanted.slice(-count)) {
      this.#send(stanza.with({ to }, Delay({ from: this.jid, stamp })))
    }
    const empty = xml(NS_CLIENT, 'message', { type: 'groupchat', from: this.jid.toString() }, xml(NS_CLIENT, 'subject'))
    this.#send((this.#subject ?? empty).with({ to }))
  }

  /** With the identifier of the room's making, and nobody else's (XEP-0421 §3.3). */
  #marked(stanza: XmlElement, account: BareJid): XmlElement {
    const kept = stanza.children.filter((node) => typeof node === 'string' || !OccupantId.matches(node))
    const id = OccupantId({ id: this.#occupantId(account) })
    return xml(stanza.ns, stanza.name, Object.fromEntries(stanza.attributes()), ...kept, id)
  }

  #occupantId(account: BareJid): string {
    const known = this.#ids.get(account.toString()) ?? crypto.randomUUID()
    this.#ids.set(account.toString(), known)
    return known
  }

  #address({ nick }: RoomOccupant): string {
    return this.jid.withResource(nick).toString()
  }

  #isModerator(to: string): boolean {
    return [...this.occupants.values()].some(({ role, sessions }) => role === 'moderator' && sessions.has(to))
  }

  #sessions(): string[] {
    return [...this.occupants.values()].flatMap(({ sessions }) => [...sessions.keys()])
  }
}

/** What is said about somebody who goes. */
export interface Words {
  readonly reason?: string | undefined
  readonly actor?: string | undefined
  readonly destroy?: MucUser['destroy']
}

interface Told {
  readonly type?: 'unavailable'
  readonly codes: readonly number[]
  readonly nick?: string
}

const refusal = (condition: StanzaErrorCondition): StanzaError => new StanzaError({ condition })
