import { describe, expect, test } from 'vitest'
import { defaultBackend } from '#backend'
import type { CryptoBackend } from '../src/crypto/backend.js'
import type { OmemoOptions } from '../src/index.js'
import { legacyVersion } from '../src/legacy/version.js'
import { omemo2Version } from '../src/omemo2/version.js'
import { onTheWay, receive } from './pair.js'
import { forged, lastOutcome, World } from './world.js'

/** What a backend was asked to do. */
const counting = (): { readonly crypto: CryptoBackend; readonly counts: { hmac: number; dh: number } } => {
  const counts = { hmac: 0, dh: 0 }
  const crypto: CryptoBackend = {
    ...defaultBackend,
    hmacSha256: (...given) => {
      counts.hmac++
      return defaultBackend.hmacSha256(...given)
    },
    x25519: (...given) => {
      counts.dh++
      return defaultBackend.x25519(...given)
    },
  }
  return { crypto, counts }
}

describe.each([omemo2Version, legacyVersion])('$name', (version) => {
  const { profile } = version
  const options: OmemoOptions = { versions: [version.name] }

  test('OMEMO S13 hundreds of shares that nobody can decrypt cost as much as a few', async () => {
    const { crypto, counts } = counting()
    const world = new World()
    const mallory = await world.join('mallory@m.example/1', options)
    const bob = await world.join('bob@b.example/1', { ...options, crypto })
    // As many sessions as are kept.
    for (let n = 0; n < 6; n++) {
      await receive(bob, await onTheWay(world, mallory, bob, `${n}`))
      await mallory.omemo.resetSession(bob.jid)
    }
    const [sid, rid] = [(await mallory.omemo.self()).deviceId, (await bob.omemo.self()).deviceId]
    const share = (at: number, n: number) => {
      const ratchetKey = defaultBackend.x25519PublicKey(new Uint8Array(32).fill(at + 1))
      const bytes = profile.encodeMessage({ ratchetKey, n, pn: 0 }, new Uint8Array(16))
      return { jid: bob.jid, rid, isKeyExchange: false, bytes: profile.seal(bytes, new Uint8Array(profile.macLength)) }
    }
    const sent = (shares: readonly ReturnType<typeof share>[]) =>
      forged(
        `${mallory.jid}/1`,
        bob.jid,
        version.build({ sid, keys: shares, iv: new Uint8Array(12), payload: new Uint8Array(48) }),
      )
    for (const shares of [
      Array.from({ length: 200 }, (_, at) => share(at, 990)),
      Array.from({ length: 200 }, () => share(0, 990)),
      Array.from({ length: 200 }, (_, at) => share(at, 499)),
    ]) {
      counts.hmac = 0
      counts.dh = 0
      await receive(bob, sent(shares))
      expect(lastOutcome(bob)).toMatchObject({ status: 'failed' })
      // Two for each key of a chain, and a MAC for each attempt.
      expect(counts.hmac).toBeLessThan(2 * 3000 + 200)
      expect(counts.dh).toBeLessThanOrEqual(4 * 6)
    }
    expect(bob.session.errors).toEqual([])
    await receive(bob, await onTheWay(world, mallory, bob, 'still there'))
    expect(bob.bodies().at(-1)).toBe('still there')
  })

  test('OMEMO F6 of two elements the one that can be read is read', async () => {
    const world = new World()
    const [alice, bob] = [await world.join('alice@a.example/1', options), await world.join('bob@b.example/1')]
    const sent = await onTheWay(world, alice, bob, 'hi')
    const other = version === omemo2Version ? legacyVersion : omemo2Version
    const rid = (await bob.omemo.self()).deviceId
    const keys = [{ jid: bob.jid, rid, isKeyExchange: false, bytes: Uint8Array.of(1, 2, 3) }]
    const broken = other.build({ sid: 77, keys, iv: new Uint8Array(12), payload: new Uint8Array(16) })
    const id = (await alice.omemo.self()).deviceId
    await receive(bob, sent.with({}, broken, ...sent.elements()))
    expect(lastOutcome(bob)).toMatchObject({ status: 'decrypted', device: { deviceId: id, version: version.name } })
    const next = await onTheWay(world, alice, bob, 'again')
    await receive(bob, next.with({}, ...next.elements(), broken))
    expect(bob.bodies()).toEqual(['hi', 'again'])
    await receive(bob, forged(`${alice.jid}/1`, bob.jid, broken))
    expect(lastOutcome(bob)).toMatchObject({ status: 'failed', reason: 'malformed' })
  })
})
