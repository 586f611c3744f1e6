// The stream of the parse benchmark: what a busy account receives, generated the same way every time. About 60 % messages,
// 20 % presence, 15 % archive results, and a few large stanzas: service discovery, key bundles, avatars, rosters.
import { seededRandom } from '../seeded-random.mjs'

const words =
  'the a train home later please send key window late coffee yes never always Straße déjà 日本 вечер ☕ &amp;'.split(
    ' ',
  )

/** Generates `bytes` of stream or a little more. Returns the bytes and the number of stanzas. */
export function streamCorpus(bytes, seed = 1) {
  const random = seededRandom(seed)
  const parts = [
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
      "id='c1' from='example.org' version='1.0' xml:lang='en'>",
  ]
  let size = 0
  while (size < bytes) {
    const stanza = oneStanza(random)
    parts.push(stanza)
    size += Buffer.byteLength(stanza)
  }
  return { stream: Buffer.from(parts.join('')), stanzas: parts.length - 1 }
}

function oneStanza(random) {
  const share = random.next()
  if (share < 0.598) return chatMessage(random)
  if (share < 0.796) return presence(random)
  if (share < 0.948) return archiveResult(random)
  return [discoInfo, keyBundle, avatar, roster][Math.floor(random.next() * 4)](random)
}

const id = (random) => `${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${random.hex(12)}`
const person = (random) => `user${random.below(500)}@example.org`

function text(random) {
  const length = 3 + random.below(30)
  // One text in six is not ASCII, as in the logs of a European server.
  const vocabulary = random.next() < 0.17 ? words.length : 12
  return Array.from({ length }, () => words[random.below(vocabulary)]).join(' ')
}

function chatMessage(random) {
  const key = id(random)
  return (
    `<message from='${person(random)}/phone.${random.hex(6)}' to='me@example.org' type='chat' id='${key}'>` +
    `<body>${text(random)}</body><request xmlns='urn:xmpp:receipts'/>` +
    `<active xmlns='http://jabber.org/protocol/chatstates'/><origin-id xmlns='urn:xmpp:sid:0' id='${key}'/>` +
    `<stanza-id xmlns='urn:xmpp:sid:0' id='${id(random)}' by='me@example.org'/></message>`
  )
}

function presence(random) {
  return (
    `<presence from='${person(random)}/desk' to='me@example.org' xml:lang='en'><show>away</show>` +
    `<status>${text(random)}</status><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' ` +
    `node='https://example.org/client' ver='${random.hex(26)}='/>` +
    `<x xmlns='vcard-temp:x:update'><photo>${random.hex(40)}</photo></x></presence>`
  )
}

function archiveResult(random) {
  return (
    `<message to='me@example.org/bench' from='me@example.org'><result xmlns='urn:xmpp:mam:2' queryid='q1' ` +
    `id='${id(random)}'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' ` +
    `stamp='2025-03-01T12:00:00Z'/>${chatMessage(random).replace('<message', "<message xmlns='jabber:client'")}` +
    '</forwarded></result></message>'
  )
}

const iqResult = (random, payload) =>
  `<iq type='result' id='${random.hex(8)}' from='example.org' to='me@example.org/bench'>${payload}</iq>`

function repeat(count, make) {
  return Array.from({ length: count }, (_, i) => make(i)).join('')
}

function discoInfo(random) {
  const features = repeat(40, (i) => `<feature var='urn:xmpp:feature-${i}:${random.below(9)}'/>`)
  const query = `<identity category='server' type='im' name='example'/>${features}`
  return iqResult(random, `<query xmlns='http://jabber.org/protocol/disco#info'>${query}</query>`)
}

function keyBundle(random) {
  const keys = repeat(100, (i) => `<pk id='${i + 1}'>${random.hex(44)}</pk>`)
  const bundle = `<bundle xmlns='urn:xmpp:omemo:2'><ik>${random.hex(44)}</ik><prekeys>${keys}</prekeys></bundle>`
  const items = `<items node='urn:xmpp:omemo:2:bundles'><item id='1'>${bundle}</item></items>`
  return iqResult(random, `<pubsub xmlns='http://jabber.org/protocol/pubsub'>${items}</pubsub>`)
}

function avatar(random) {
  const data = `<data xmlns='urn:xmpp:avatar:data'>${random.hex(8192)}</data>`
  const items = `<items node='urn:xmpp:avatar:data'><item id='1'>${data}</item></items>`
  return iqResult(random, `<pubsub xmlns='http://jabber.org/protocol/pubsub'>${items}</pubsub>`)
}

function roster(random) {
  const items = repeat(
    60,
    (i) =>
      `<item jid='friend${i}@example.org' name='Friend ${random.hex(5)}' subscription='both'><group>All</group></item>`,
  )
  return iqResult(random, `<query xmlns='jabber:iq:roster' ver='v1'>${items}</query>`)
}
