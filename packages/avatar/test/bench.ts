import { type DiscoInfo, disco, getDiscoInfo } from '@couplet/disco'
import { NOTIFY_SUFFIX, pep } from '@couplet/pep'
import { getItems, NS_PUBLISH_OPTIONS, NS_PUBSUB_EVENT, publishItems, pubsub, retractItems } from '@couplet/pubsub'
import { StanzaError, type StanzaErrorCondition, type XmlElement } from '@couplet/stanza'
import { type FakeSessionOptions, fakeSession } from '@couplet/testing'
import { queryVcard, storeVcard, type Vcard } from '@couplet/vcard'
import { avatar } from '../src/avatar.js'
import { checkImage } from '../src/avatar-image.js'
import { AvatarData, AvatarMetadata, NS_AVATAR_METADATA, NS_PEP_VCARD_CONVERSION } from '../src/elements.js'

/** The feature that says that metadata is wanted. */
export const notify = NS_AVATAR_METADATA + NOTIFY_SUFFIX

/** A PNG of its own, of so many bytes and this width. */
export const png = (seed: number, { length = 40, width = 64 } = {}) => {
  const bytes = new Uint8Array(length)
  bytes.set(Buffer.from('89504e470d0a1a0a0000000d494844520000004000000040', 'hex'))
  const view = new DataView(bytes.buffer)
  view.setUint32(16, width)
  view.setUint32(length - 4, seed)
  return bytes
}

export const hashOf = (bytes: Uint8Array): string => checkImage(bytes).hash

/** What is said about an image; parts of it can be lies. */
export const infoOf = (bytes: Uint8Array, lies: Partial<AvatarMetadata['infos'][number]> = {}) => ({
  bytes: bytes.length,
  id: hashOf(bytes),
  type: 'image/png',
  ...lies,
})

export const metadata = (...infos: AvatarMetadata['infos'][number][]): XmlElement =>
  AvatarMetadata({ infos, pointers: [] })

const none = new StanzaError({ condition: 'item-not-found' })

/** A server with personal eventing and vCards, and the plugin. */
export function setUp({
  converts = true,
  hasPep = true,
  ...options
}: FakeSessionOptions & Partial<ServerOptions> = {}) {
  const session = fakeSession(options)
  /** By whom, node and perhaps id: what is published. */
  const items = new Map<string, XmlElement | StanzaErrorCondition>()
  const cards = new Map<string, Vcard>()
  const log: string[] = []
  const own = session.account.toString()
  session.answer(getDiscoInfo, (_query, { to }) => {
    log.push(`disco ${to}`)
    return infoAbout({ converts, hasPep })
  })
  session.answer(getItems, ({ items: { node, items: ids } }, { to = own }) => {
    const id = ids[0]?.id
    log.push(`get ${to} ${node.split(':').at(-1)}${id === undefined ? '' : ` ${id.slice(0, 4)}`}`)
    const found = items.get([to, node, id].filter((part) => part !== undefined).join(' '))
    if (found === undefined) return none
    if (typeof found === 'string') return new StanzaError({ condition: found })
    return { items: { node, items: [{ id: id ?? 'current', payload: found }] } }
  })
  session.answer(publishItems, ({ publish: { node, items: published }, options: setup }) => {
    const { id, payload } = published[0] ?? {}
    log.push(`publish ${node.split(':').at(-1)} ${id?.slice(0, 7)} ${setup?.accessModel ?? 'as it is'}`)
    if (payload !== undefined) items.set(`${own} ${node}`, payload)
    return undefined
  })
  session.answer(retractItems, ({ ids, node }) => {
    log.push(`retract ${node.split(':').at(-1)} ${ids[0]?.slice(0, 4)}`)
    return undefined
  })
  session.answer(queryVcard, (_query, { to = own }) => {
    log.push(`vcard ${to}`)
    return cards.get(String(to)) ?? none
  })
  session.answer(storeVcard, (card) => {
    log.push('store')
    cards.set(own, card)
    return undefined
  })
  const needs = { pubsub: session.install(pubsub()), disco: session.install(disco()), caps: {} }
  const api = session.install(avatar(), { disco: needs.disco, pep: session.install(pep(), needs) })
  return {
    session,
    api,
    items,
    cards,
    log,
    /** Somebody has published an image. */
    publish: (jid: string, bytes: Uint8Array, lies: Parameters<typeof infoOf>[1] = {}) => {
      items.set(`${jid} ${NS_AVATAR_METADATA}`, metadata(infoOf(bytes, lies)))
      items.set(`${jid} ${AvatarData.ns} ${lies.id ?? hashOf(bytes)}`, AvatarData(bytes))
    },
    /** An event of a node. */
    tell: (from: string, content: XmlElement | string, node = NS_AVATAR_METADATA) =>
      session.receive(`<message type='headline' from='${from}'><event xmlns='${NS_PUBSUB_EVENT}'>
        <items node='${node}'>${typeof content === 'string' ? content : `<item id='i'>${content}</item>`}</items></event></message>`),
    /** A presence with a hash; of an occupant, if it says so. */
    present: (from: string, photo: string | undefined, more = '') =>
      session.receive(
        `<presence from='${from}'>${more}<x xmlns='vcard-temp:x:update'>${
          photo === undefined ? '' : `<photo>${photo}</photo>`
        }</x></presence>`,
      ),
  }
}

interface ServerOptions {
  /** Whether the server does XEP-0398. */
  readonly converts: boolean
  readonly hasPep: boolean
}

const infoAbout = ({ converts, hasPep }: ServerOptions): DiscoInfo => ({
  identities: hasPep ? [{ category: 'pubsub', type: 'pep' }] : [],
  features: [...(hasPep ? [NS_PUBLISH_OPTIONS] : []), ...(converts ? [NS_PEP_VCARD_CONVERSION] : [])],
  forms: [],
})

/** What marks the presence of an occupant. */
export const occupant =
  "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/></x>"
