// The messages that go back and forth: about 450 bytes each, the same for every client and every run.

export const domain = 'localhost'
export const username = 'bench'
export const password = 'not-a-secret'
export const jid = `${username}@${domain}`
export const peer = `friend@${domain}/phone`

export const namespaces = {
  receipts: 'urn:xmpp:receipts',
  chatStates: 'http://jabber.org/protocol/chatstates',
  markers: 'urn:xmpp:chat-markers:0',
}

const sentences = [
  'The train is late again, so start without me and keep a seat by the window.',
  'Did you see the pictures from yesterday? I put them where we always put them.',
  'Das Fenster war über Nacht offen, jetzt ist es kühl und die Straße glänzt.',
  'Fish & chips at seven, or is that too early for you after the long way home?',
  'Bring the blue notebook; the figures for the second quarter are on page 40.',
  'Ça marche, à demain matin ☕ et merci pour le café !',
]

/** The text of message `i`: two sentences, one in six messages beyond ASCII, one in six with an ampersand. */
export function bodyOf(i) {
  return `${sentences[i % sentences.length]} ${sentences[(i * 7) % 2]}`
}

export function idOf(i) {
  return `b7c1e0d2-5f3a-4e8b-9c6d-${String(i).padStart(12, '0')}`
}

/** Message `i` as a server sends it. */
export function incoming(i) {
  const { receipts, chatStates, markers } = namespaces
  return (
    `<message from='${peer}' to='${jid}/bench' type='chat' id='${idOf(i)}' xml:lang='en'>` +
    `<body>${bodyOf(i).replaceAll('&', '&amp;')}</body><request xmlns='${receipts}'/>` +
    `<active xmlns='${chatStates}'/><markable xmlns='${markers}'/></message>`
  )
}

/** What a client has to have seen after `count` messages. */
export function expected(count) {
  let characters = 0
  for (let i = 0; i < count; i++) characters += bodyOf(i).length
  return { messages: count, characters, senders: count, requests: count }
}

/** The mean size of a message in bytes, to the next ten. */
export function messageSize() {
  const sample = Array.from({ length: 60 }, (_, i) => Buffer.byteLength(incoming(i)))
  return Math.round(sample.reduce((sum, size) => sum + size, 0) / sample.length / 10) * 10
}
