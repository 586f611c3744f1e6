import assert from 'node:assert/strict'
import { seededRandom } from '../seeded-random.mjs'
import { mutate } from './mutate.mjs'

/** One to four edits of bytes; one case in eight stays as it is. */
function mutateBytes(bytes, random, others) {
  let data = [...bytes]
  for (let left = random.below(8) === 0 ? 0 : 1 + random.below(4); left > 0; left--) {
    const at = random.below(data.length + 1)
    const kind = random.below(6)
    if (kind < 2) data[Math.min(at, data.length - 1)] ^= 1 << random.below(8)
    else if (kind === 2) data.splice(at, 1 + random.below(12))
    else if (kind === 3) data.splice(at, 0, random.pick([0, 1, 0x0a, 0x33, 0x7f, 0x80, 0xff, random.below(256)]))
    else if (kind === 4) data = data.slice(0, at)
    else {
      const other = random.pick(others)
      const from = random.below(other.length)
      data.splice(at, random.below(40), ...other.slice(from, from + random.below(40)))
    }
    if (data.length === 0) data.push(random.below(256))
  }
  return Uint8Array.from(data)
}

/** A conversation of one version: bob with keys that wait in a past and in the present chain, and messages for him. */
function conversation(omemo, backend, version) {
  const { profile } = version
  const { encrypt, decrypt, parseMessage } = omemo
  const [own, identity] = [omemo.generateIdentity(backend), omemo.generateIdentity(backend)]
  const [signedPreKey, preKey] = [omemo.generateKeyPair(backend), omemo.generateKeyPair(backend)]
  const publicKey = profile.encodeKey(signedPreKey.publicKey)
  const published = {
    identityKey: profile.encodeIdentity(identity),
    signedPreKey: { id: 1, publicKey },
    signature: omemo.sign(backend, profile, identity, publicKey),
    preKeys: { keys: [1, 2, 3].map((id) => ({ id, publicKey: profile.encodeKey(preKey.publicKey) })) },
  }
  const bundle = omemo.verifyBundle(backend, profile, offered(published))
  const seeds = []
  let alice = omemo.initiate(backend, profile, { identity: own, bundle, preKeyId: 1 })
  const answer = (exchange) => omemo.respond(backend, profile, { identity, signedPreKey, preKey, exchange })
  const say = () => {
    const result = encrypt(backend, profile, alice, Uint8Array.of(seeds.length))
    alice = result.session
    seeds.push(result.bytes)
    return result.bytes
  }
  const messageOf = (bytes) => omemo.messageOf(parseMessage(profile, bytes))
  const fresh = answer(parseMessage(profile, say()))
  let bob = fresh
  const hear = (bytes) => {
    bob = decrypt(backend, profile, bob, messageOf(bytes)).session
  }
  const turn = () => {
    hear(say())
    const reply = encrypt(backend, profile, bob, Uint8Array.of(0))
    bob = reply.session
    alice = decrypt(backend, profile, alice, messageOf(reply.bytes)).session
  }
  hear(seeds[0])
  const early = bob
  for (let i = 0; i < 3; i++) say()
  turn()
  for (let i = 0; i < 3; i++) say()
  hear(say())
  say()
  return { version, published, seeds, sessions: [fresh, early, bob], answer }
}

/** A bundle as the key agreement takes it. */
const offered = ({ identityKey, signedPreKey, signature, preKeys }) => ({
  identityKey,
  signedPreKey: { ...signedPreKey, signature },
  preKeys: preKeys.keys,
})

function refusal(attempt, codes) {
  try {
    return attempt()
  } catch (error) {
    assert.equal(error.name, 'OmemoError', `another error: ${error.stack}`)
    assert(codes.includes(error.code), `code ${error.code}`)
    return undefined
  }
}

/** Records: read as what was written, or refused. */
function checkRecord({ encodeSession, decodeSession }, damaged) {
  const read = refusal(() => decodeSession(damaged), ['corrupt-record', 'newer-record'])
  if (read) assert.deepEqual(encodeSession(read), damaged, 'a record reads as another one')
}

/** Messages: the text that was sent or a typed error, and a session never changes under an attempt. */
function checkMessage(omemo, backend, { version: { profile }, seeds, sessions, answer }, bytes) {
  const parsed = refusal(() => omemo.parseMessage(profile, bytes), ['malformed'])
  if (!parsed) return
  const message = omemo.messageOf(parsed)
  const codes = ['bad-mac', 'replayed', 'expired', 'too-many-skipped']
  for (const session of sessions) {
    const before = omemo.encodeSession(session)
    const result = refusal(() => omemo.decrypt(backend, profile, session, message), codes)
    assert.deepEqual(omemo.encodeSession(session), before, 'an attempt has changed the session')
    if (result) assert(result.plaintext.length === 1 && result.plaintext[0] < seeds.length, 'another text')
  }
  if (parsed.kind === 'key-exchange') refusal(() => answer(parsed), ['bad-key', 'malformed'])
}

/** Bundles: refused, or the signed prekey is the one that was signed, and no key can make a session of zeros. */
function checkBundle(omemo, backend, { version: { profile }, published }, received) {
  const bundle = refusal(
    () => omemo.verifyBundle(backend, profile, offered(received)),
    ['malformed', 'bad-key', 'bad-bundle'],
  )
  if (!bundle) return
  assert.deepEqual(received.identityKey, published.identityKey, 'signed by another identity')
  assert.deepEqual(received.signedPreKey.publicKey, published.signedPreKey.publicKey, 'another key was signed')
  const ids = bundle.preKeys.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length, 'two prekeys with one id')
  const identity = omemo.generateIdentity(backend)
  omemo.initiate(backend, profile, { identity, bundle, preKeyId: ids[0] })
}

/** The elements of a conversation as text: what servers and peers can change at will. */
function wireSeeds({ version, published, seeds }) {
  const shares = seeds.slice(0, 3).map((bytes, i) => {
    return { jid: `user${i >> 1}@example.org`, rid: i + 1, isKeyExchange: i === 0, bytes }
  })
  const parts = { sid: 27183, keys: shares, iv: new Uint8Array(12).fill(7), payload: new Uint8Array(48).fill(9) }
  const devices = [{ id: 1 }, { id: 2, label: 'Gajim', labelSignature: new Uint8Array(64).fill(3) }]
  const { item } = version.bundle(1).node
  return [version.build(parts), version.devices.item({ devices }), item(published)].map(String)
}

/** An element of one version, damaged: whatever it holds goes where it would go. */
function checkElement(stanza, omemo, backend, talk, element) {
  const { version } = talk
  const message = stanza.xml('jabber:client', 'message', {}, element)
  const read = version.read(message)
  if (read?.ok) {
    assert(read.value.keys.length <= 5000 && read.value.sid >= 1, 'beyond its limits')
    for (const { bytes } of read.value.keys.slice(0, 4)) checkMessage(omemo, backend, talk, bytes)
  }
  const { item } = version.bundle(1).node
  const bundle = item.matches(element) ? item.parse(element) : undefined
  if (bundle && !(bundle instanceof stanza.Malformed)) checkBundle(omemo, backend, talk, bundle)
}

function parseElement(stanza, text) {
  const parser = new stanza.StreamParser({ framed: true, limits: { stanzaBytes: 40_000 } })
  return parser.write(text).at(-1)?.element
}

/** Messages, records, bundles and elements of OMEMO: whatever comes, it ends in a typed error or in what was sent. */
export function omemoTarget({ stanza, omemo }) {
  const source = seededRandom(4711)
  const backend = {
    ...omemo.platformBackend,
    randomBytes: (length) => Uint8Array.from({ length }, () => source.below(256)),
  }
  const talks = omemo.versions.map((version) => conversation(omemo, backend, version))
  const records = talks.flatMap(({ sessions }) => sessions.map(omemo.encodeSession))
  const texts = new Map(talks.map((talk) => [talk, wireSeeds(talk)]))
  const everyText = [...texts.values()].flat()
  return (random) => {
    const talk = random.pick(talks)
    const part = random.below(8)
    if (part === 0) {
      const element = parseElement(stanza, mutate(random.pick(texts.get(talk)), random, everyText))
      if (element !== undefined) checkElement(stanza, omemo, backend, talk, element)
    } else if (part === 1) {
      const { published } = talk
      const keys = published.preKeys.keys.map((key) => ({ ...key, publicKey: edited(key.publicKey) }))
      checkBundle(omemo, backend, talk, {
        identityKey: edited(published.identityKey),
        signedPreKey: { ...published.signedPreKey, publicKey: edited(published.signedPreKey.publicKey) },
        signature: edited(published.signature),
        preKeys: { keys },
      })
    } else {
      checkRecord(omemo, mutateBytes(random.pick(records), random, records))
      checkMessage(omemo, backend, talk, mutateBytes(random.pick(talk.seeds), random, talk.seeds))
    }
    /** One part in four is damaged. */
    function edited(bytes) {
      return random.below(4) === 0 ? mutateBytes(bytes, random, talk.seeds) : bytes
    }
  }
}
