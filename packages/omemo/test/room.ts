import type { Handled, InboundMessage, SendHandle, Subscription } from '@couplet/client'
import { Jid, type Message, message, type XmlElement } from '@couplet/stanza'
import type { MucSource, RoomSource } from '../src/rooms.js'
import type { Peer } from './world.js'

type Affiliation = 'owner' | 'admin' | 'member' | 'none' | 'outcast'

/** A room with members, some of whom are there: what a server and the plugin for rooms would make of it. */
export class TestRoom {
  readonly jid = Jid.parse('room@c.example').bare
  readonly affiliations = new Map<string, Affiliation>()
  readonly nicks = new Map<string, string>()
  readonly sent: { readonly from: string; readonly element: XmlElement }[] = []
  readonly listeners = new Set<(change: never) => Handled>()
  anonymity: string | undefined = 'none'
  asked = 0

  /** Lets a client in. */
  enter(peer: Peer, nick: string, affiliation: Affiliation = 'member'): void {
    this.affiliations.set(peer.jid, affiliation)
    this.nicks.set(nick, peer.jid)
    peer.omemo.follow({ muc: this.mucFor(nick) })
    this.#tell('entered', peer.jid)
  }

  /** Changes what somebody is. */
  set(jid: string, affiliation: Affiliation): void {
    this.affiliations.set(jid, affiliation)
    const isOut = affiliation === 'outcast' || affiliation === 'none'
    if (isOut) for (const [nick, each] of [...this.nicks]) if (each === jid) this.nicks.delete(nick)
    this.#tell(affiliation === 'outcast' ? 'banned' : isOut ? 'removed' : 'changed', jid)
  }

  /** Passes on what was said. */
  deliver(peers: readonly Peer[]): void {
    for (const { from, element } of this.sent.splice(0)) {
      for (const peer of peers) {
        if ([...this.nicks.values()].includes(peer.jid)) peer.session.receive(this.as(from, peer, element))
      }
    }
  }

  /** A message as the room passes it on to somebody. */
  as(nick: string, { session }: Peer, element: XmlElement): XmlElement {
    return element.with({ from: `${this.jid}/${nick}`, to: session.jid.toString() })
  }

  mucFor(nick: string): MucSource {
    const room = this.#roomFor(nick)
    const isOurs = ({ from }: Message | InboundMessage): boolean => from?.bare.equals(this.jid) === true
    return {
      rooms: new Map([[this.jid.toString(), room]]),
      roomOf: (stanza) => (isOurs(stanza) ? room : undefined),
      kindOf: (stanza) => {
        if (stanza.type === 'groupchat') return 'groupchat'
        return isOurs(stanza) || stanza.to?.bare.equals(this.jid) ? 'private' : undefined
      },
      info: async () => ({ isNonAnonymous: this.anonymity === undefined }),
    }
  }

  #roomFor(nick: string): RoomSource {
    const occupants = (): Map<string, { jid: Jid; affiliation: string }> =>
      new Map(
        [...this.nicks].map(([name, jid]) => [
          name,
          { jid: Jid.parse(jid), affiliation: this.affiliations.get(jid) ?? 'none' },
        ]),
      )
    const listen = (handler: (change: never) => Handled): Subscription => {
      this.listeners.add(handler)
      return { dispose: () => void this.listeners.delete(handler) } as Subscription
    }
    const self = this
    return {
      jid: this.jid,
      get anonymity() {
        return self.anonymity
      },
      get occupants() {
        return occupants()
      },
      withAffiliation: async (affiliation) => {
        this.asked++
        return [...this.affiliations].flatMap(([jid, each]) => (each === affiliation ? [{ jid: Jid.parse(jid) }] : []))
      },
      onOccupant: (handler) => listen(handler as never),
      onEvent: () => ({ dispose: () => {} }) as Subscription,
      send: ({ id, body }, ...payloads): SendHandle => {
        const { element } = message({ to: this.jid, type: 'groupchat', id, body }, ...payloads)
        this.sent.push({ from: nick, element })
        return { id, state: 'acked', acked: Promise.resolve(), accepted: Promise.resolve() }
      },
    }
  }

  #tell(type: string, jid: string): void {
    const occupant = { jid: Jid.parse(jid), affiliation: this.affiliations.get(jid) }
    for (const listener of [...this.listeners]) void listener({ type, occupant } as never)
  }
}
