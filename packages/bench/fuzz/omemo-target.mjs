import assert from 'node:assert/strict'
import { seededRandom } from '../seeded-random.mjs'

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
function conversation(omemo, backend, profile) {
  const { encrypt, decrypt, parseMessage } = omemo
  const [own, identity] = [omemo.generateIdentity(backend), omemo.generateIdentity(backend)]
  const [signedPreKey, preKey] = [omemo.generateKeyPair(backend), omemo.generateKeyPair(backend)]
  const publicKey = profile.encodeKey(signedPreKey.publicKey)
  const bundle = omemo.verifyBundle(backend, profile, {
    identityKey: profile.encodeIdentity(identity),
    signedPreKey: { id: 1, publicKey, signature: omemo.sign(backend, profile, identity, publicKey) },
    preKeys: [{ id: 1, publicKey: profile.encodeKey(preKey.publicKey) }],
  })
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
  return { profile, seeds, sessions: [fresh, early, bob], answer }
}

function refusal(attempt, codes) {
  try {
    return attempt()
  } catch (error) {
    assert.equal(error.name, 'OmemoError', `another error: ${error.stack}`)
    assert(codes.includes(error.code), `code ${error.code}`)
    return undefined
  }
}

/**
 * Messages and records of OMEMO: whatever the bytes, a typed error or the text that was sent; a session never changes
 * under an attempt; a record is read as what was written, or refused.
 */
export function omemoTarget({ omemo }) {
  const source = seededRandom(4711)
  const backend = {
    ...omemo.platformBackend,
    randomBytes: (length) => Uint8Array.from({ length }, () => source.below(256)),
  }
  const talks = [omemo.legacyProfile, omemo.omemo2Profile].map((profile) => conversation(omemo, backend, profile))
  const { encodeSession, decodeSession } = omemo
  const records = talks.flatMap(({ sessions }) => sessions.map(encodeSession))
  return (random) => {
    const { profile, seeds, sessions, answer } = random.pick(talks)
    const record = random.pick(records)
    const damaged = mutateBytes(record, random, records)
    const read = refusal(() => decodeSession(damaged), ['corrupt-record', 'newer-record'])
    if (read) assert.deepEqual(encodeSession(read), damaged, 'a record reads as another one')

    const bytes = mutateBytes(random.pick(seeds), random, seeds)
    const parsed = refusal(() => omemo.parseMessage(profile, bytes), ['malformed'])
    if (!parsed) return
    const message = omemo.messageOf(parsed)
    const codes = ['bad-mac', 'replayed', 'expired', 'too-many-skipped']
    for (const session of sessions) {
      const before = encodeSession(session)
      const result = refusal(() => omemo.decrypt(backend, profile, session, message), codes)
      assert.deepEqual(encodeSession(session), before, 'an attempt has changed the session')
      if (result) assert(result.plaintext.length === 1 && result.plaintext[0] < seeds.length, 'another text')
    }
    if (parsed.kind === 'key-exchange') refusal(() => answer(parsed), ['bad-key', 'malformed'])
  }
}
