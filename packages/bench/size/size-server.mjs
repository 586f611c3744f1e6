// A server of a large account. The one answer that is measured is held until the client is.
// Usage (forked by scripted-host.mjs): size-server.mjs '{"cert", "key"}'; told '{"feature", "size"}' before each client.
import { attributeOf, listen, prepared } from '../throughput/scripted-session.mjs'
import { archived, archiveIdOf, entryOf, room, rosterOf } from './contents.mjs'

const roomFeatures = [
  'http://jabber.org/protocol/muc',
  'muc_membersonly',
  'muc_nonanonymous',
  'muc_persistent',
  'urn:xmpp:mam:2',
  'urn:xmpp:occupant-id:0',
]

/** Answers by feature and size: made before the client is there. */
const contents = new Map()
let current
let held

function prepare({ feature, size }) {
  const key = `${feature} ${size}`
  if (feature === 'roster') contents.set(key, contents.get(key) ?? rosterOf(size))
  if (feature === 'room') contents.set(key, contents.get(key) ?? prepared(entryOf(size)))
  current = { feature, size, content: contents.get(key) }
}

/** Tells the parent that the client has asked, and waits for its word. */
function hold(answer) {
  held = answer
  process.send('asked')
}

function roomInfo() {
  const features = roomFeatures.map((feature) => `<feature var='${feature}'/>`)
  const identity = "<identity category='conference' type='text' name='Assembly'/>"
  return `<query xmlns='http://jabber.org/protocol/disco#info'>${identity}${features.join('')}</query>`
}

/** The next page, after the message that the client names (XEP-0059 §2.1). */
async function sendPage(session, query, reply) {
  const { size } = current
  const after = /<after>.*?(\d{8})<\/after>/.exec(query)?.[1]
  const max = Number(/<max>(\d+)<\/max>/.exec(query)?.[1])
  const start = after === undefined ? 0 : Number(after) + 1
  const end = Math.min(start + max, size)
  const queryId = attributeOf(query, 'queryid')
  await session.wire.send(prepared(Array.from({ length: end - start }, (_, i) => archived(start + i, queryId))))
  const set = `<first index='${start}'>${archiveIdOf(start)}</first><last>${archiveIdOf(end - 1)}</last>`
  reply(
    `<fin xmlns='urn:xmpp:mam:2'${end === size ? " complete='true'" : ''}>` +
      `<set xmlns='http://jabber.org/protocol/rsm'>${set}<count>${size}</count></set></fin>`,
  )
}

function answer(session, iq, reply) {
  const { feature, content } = current
  if (feature === 'roster' && iq.includes('jabber:iq:roster')) hold(() => reply(content))
  else if (feature === 'archive' && iq.includes('urn:xmpp:mam:2')) {
    if (iq.includes('<after>')) sendPage(session, iq, reply)
    else hold(() => sendPage(session, iq, reply))
  } else reply(iq.includes('disco#info') ? roomInfo() : '')
}

function took(session, name, tag) {
  const isEntry = current.feature === 'room' && name === 'presence' && attributeOf(tag, 'to')?.startsWith(room)
  if (isEntry) hold(() => session.wire.send(current.content))
}

process.on('message', (message) => {
  if (message === 'release') held()
  else {
    prepare(message)
    process.send('prepared')
  }
})

const { cert, key } = JSON.parse(process.argv[2])
const features = "<ver xmlns='urn:xmpp:features:rosterver'/>"
listen({ cert, key }, { isManaged: () => true, features, took, answer })
