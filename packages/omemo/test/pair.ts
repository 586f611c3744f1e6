import type { Message, XmlElement } from '@couplet/stanza'
import type { OmemoOptions } from '../src/index.js'
import { type Peer, World } from './world.js'

/** Two who can write to each other. */
export const pairOf = async (options: OmemoOptions, others: OmemoOptions = options) => {
  const world = new World()
  const [alice, bob] = [await world.join('alice@a.example/1', options), await world.join('bob@b.example/1', others)]
  return { world, alice, bob }
}

/** Has somebody get a stanza, and do all that follows from it. */
export const receive = async (peer: Peer, stanza: Message | XmlElement): Promise<void> => {
  peer.session.receive('element' in stanza ? stanza.element : stanza)
  await peer.session.settled()
}

/** What one has written to another, on its way. */
export const onTheWay = async (world: World, from: Peer, to: Peer, body: string): Promise<XmlElement> => {
  await from.omemo.send({ to: to.jid, body })
  return world.take(from).at(-1) as XmlElement
}
