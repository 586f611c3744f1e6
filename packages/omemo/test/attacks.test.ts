import { inspect } from 'node:util'
import { memoryStore } from '@couplet/client'
import { type XmlElement, xml } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { defaultBackend } from '#backend'
import type { CryptoBackend } from '../src/crypto/backend.js'
import { contactKind } from '../src/devices/contact-record.js'
import type { OmemoOptions, VersionName } from '../src/index.js'
import { accountStore } from '../src/store/account-store.js'
import { OmemoStore } from '../src/store/omemo-store.js'
import { onTheWay, pairOf, receive } from './pair.js'
import { archived, forged, lastOutcome, type Peer, World } from './world.js'

const versions: readonly VersionName[] = ['omemo2', 'legacy']

/** As the client would pass it on; not at all if its addresses are none. */
const inboundOf = (peer: Peer, element: XmlElement) => {
  try {
    return peer.session.inbound(element, 'live')
  } catch {
    return undefined
  }
}

const encryptedOf = (element: XmlElement): XmlElement =>
  [...element.elements()].find(({ name }) => name === 'encrypted') as XmlElement

describe.each(versions)('%s', (version) => {
  const options: OmemoOptions = { versions: [version] }
  const ns = version === 'omemo2' ? 'urn:xmpp:omemo:2' : 'eu.siacs.conversations.axolotl'

  test('OMEMO F6 whatever comes has one outcome, and never shows the fallback text', async () => {
    const { world, alice, bob } = await pairOf(options)
    const id = (await bob.omemo.self()).deviceId
    const good = encryptedOf(await onTheWay(world, alice, bob, 'hi'))
    const sid = (await alice.omemo.self()).deviceId
    const keys = (inner: string): XmlElement =>
      parseXml(
        version === 'omemo2'
          ? `<encrypted xmlns='${ns}'><header sid='${sid}'><keys jid='${bob.jid}'>${inner}</keys></header><payload>AAAA</payload></encrypted>`
          : `<encrypted xmlns='${ns}'><header sid='${sid}'>${inner}<iv>AAAAAAAAAAAAAAAA</iv></header><payload>AAAA</payload></encrypted>`,
      )
    const crafted: readonly [XmlElement, string][] = [
      [xml(ns, 'encrypted'), 'failed malformed'],
      [parseXml(`<encrypted xmlns='${ns}'><header sid='0'/></encrypted>`), 'failed malformed'],
      [parseXml(`<encrypted xmlns='${ns}'><header sid='5'/></encrypted>`), 'not-for-this-device'],
      [parseXml(`<encrypted xmlns='${ns}'><header sid='5'/><payload>#</payload></encrypted>`), 'failed malformed'],
      [keys(`<key rid='1'>AAAA</key>`), 'not-for-this-device'],
      [keys(`<key rid='${id}'>AAAA</key>`), 'failed malformed'],
      [keys(`<key rid='${id}'>#</key>`), 'not-for-this-device'],
      [keys(`<key rid='${id}'></key>`), 'failed malformed'],
      [keys(`<key rid='${id}'>${'A'.repeat(8000)}</key>`), 'failed malformed'],
      [good, 'decrypted'],
      [good, 'duplicate'],
      [good, 'duplicate'],
    ]
    for (const [element, expected] of crafted) {
      await receive(bob, forged(`${alice.jid}/1`, `${bob.jid}/1`, element))
      const outcome = lastOutcome(bob)
      const reason = outcome?.status === 'failed' ? ` ${outcome.reason}` : ''
      expect(`${outcome?.status}${reason}`).toBe(expected)
    }
    expect(bob.bodies()).toEqual(['hi'])
    expect(bob.messages.map(({ message }) => message.body)).toEqual(['hi'])
    expect(bob.session.errors).toEqual([])
  })

  test('OMEMO F6 who takes the payload off a message takes nothing from us', async () => {
    const { world, alice, bob } = await pairOf(options)
    const whole = await onTheWay(world, alice, bob, 'hi')
    await receive(bob, parseXml(String(whole).replace(/<payload>.*<\/payload>/, '')))
    // Nothing of 0.3 tells it from a message without a payload.
    const isTold = version === 'omemo2'
    expect(lastOutcome(bob)).toMatchObject(isTold ? { status: 'failed', reason: 'malformed' } : { status: 'empty' })
    await receive(bob, whole)
    expect(bob.bodies()).toEqual(isTold ? ['hi'] : [])
  })

  test('OMEMO S13 a stranger cannot have ever more devices remembered', async () => {
    const world = new World()
    const state = memoryStore()
    const alice = await world.join('alice@a.example/1', options)
    const identityKey = new Uint8Array(32).fill(9)
    const known = new Map(Array.from({ length: 1000 }, (_, n) => [n + 1, { identityKey }] as const))
    await new OmemoStore(accountStore(state, 'bob@b.example')).transaction(['contact'], async (transaction) => {
      transaction.put(contactKind, alice.jid, { lists: {}, devices: known })
    })
    const bob = await world.join('bob@b.example/1', { ...options, state })
    const sent = await onTheWay(world, alice, bob, 'hi')
    // Alice's list is not known yet; once it is, her device counts.
    await receive(bob, sent)
    expect(lastOutcome(bob)).toMatchObject({ status: 'failed', reason: 'too-many-devices', recoverable: true })
    await bob.omemo.devices(alice.jid)
    await receive(bob, sent)
    expect(bob.bodies()).toEqual(['hi'])
  })

  test('OMEMO F6 what this device has sent is an echo', async () => {
    const { world, alice, bob } = await pairOf(options)
    const sent = await onTheWay(world, alice, bob, 'hi')
    await alice.omemo.receive(alice.session.inbound(sent, 'carbon'))
    expect(lastOutcome(alice)).toMatchObject({ status: 'own-echo', id: sent.attr('id') })
  })

  test('OMEMO F21 what the mark says of a share is not believed', async () => {
    for (const mark of ['', " kex='false' prekey='false'", " kex='1' prekey='1'", " kex='?' prekey='?'"]) {
      const { world, alice, bob } = await pairOf(options)
      const sent = String(await onTheWay(world, alice, bob, 'hi')).replace(/ (?:kex|prekey)='true'/, mark)
      await receive(bob, parseXml(sent))
      await onTheWay(world, bob, alice, 'yes').then((element) => receive(alice, element))
      const plain = String(await onTheWay(world, alice, bob, 'again'))
      expect(plain).not.toMatch(/(?:kex|prekey)=/)
      await receive(bob, parseXml(plain.replace('<key ', `<key${mark} `)))
      expect(bob.bodies()).toEqual(['hi', 'again'])
    }
  })

  test('OMEMO S12 an old key exchange that comes again takes the place of nothing', async () => {
    const { world, alice, bob } = await pairOf(options)
    const first = await onTheWay(world, alice, bob, 'first')
    bob.omemo.catchUp.begin()
    await bob.omemo.receive(archived(bob, first))
    await alice.omemo.resetSession(bob.jid)
    await bob.omemo.receive(archived(bob, await onTheWay(world, alice, bob, 'second')))
    // The very same, and one that was made to look different.
    await bob.omemo.receive(archived(bob, first))
    expect(lastOutcome(bob)).toMatchObject({ status: 'duplicate' })
    const changed = String(first).replace(
      /(<key [^>]*>[A-Za-z0-9+/]+)([A-Za-z0-9+/])([A-Za-z0-9+/]=*<)/,
      (_all, a, b, c) => a + (b === 'A' ? 'B' : 'A') + c,
    )
    await bob.omemo.receive(archived(bob, parseXml(changed)))
    expect(lastOutcome(bob)?.status).toBe('failed')
    await bob.omemo.catchUp.end()
    await onTheWay(world, bob, alice, 'answer').then((element) => receive(alice, element))
    expect(alice.bodies()).toEqual(['answer'])
  })

  test('OMEMO S17 every corruption of a message has the same outcome', async () => {
    const { world, alice, bob } = await pairOf({ ...options, policy: { heal: 'never' } })
    await receive(bob, await onTheWay(world, alice, bob, 'one'))
    await receive(alice, await onTheWay(world, bob, alice, 'two'))
    const text = String(await onTheWay(world, alice, bob, 'three'))
    const share = /<key [^>]*>([^<]+)</.exec(text)?.[1] as string
    const bytes = Buffer.from(share, 'base64')
    const outcomes = new Set<string>()
    // MAC and ciphertext are at the end; what is before them is structure.
    for (let at = 1; at <= 32; at++) {
      const broken = Buffer.from(bytes)
      broken[broken.length - at] = (broken[broken.length - at] as number) ^ 1
      await receive(bob, parseXml(text.replace(share, broken.toString('base64'))))
      outcomes.add(inspect(lastOutcome(bob)))
    }
    const payload = /<payload>(.)/.exec(text)?.[1] === 'A' ? 'B' : 'A'
    await receive(bob, parseXml(text.replace(/<payload>./, `<payload>${payload}`)))
    outcomes.add(inspect(lastOutcome(bob)))
    expect([...outcomes].length).toBe(1)
    expect(lastOutcome(bob)).toMatchObject({ status: 'failed', reason: 'bad-mac' })
    expect(world.take(bob)).toEqual([])
    // Nothing was consumed by that.
    await receive(bob, parseXml(text))
    expect(bob.bodies().at(-1)).toBe('three')
  })

  test('OMEMO S19 strangers learn nothing by beginning sessions, contacts are answered once', async () => {
    const known = new Set<string>()
    const { world, alice, bob } = await pairOf(options, { ...options, isContact: (jid) => known.has(jid) })
    for (let n = 0; n < 50; n++) {
      await alice.omemo.resetSession(bob.jid)
      await receive(bob, await onTheWay(world, alice, bob, `m${n}`))
    }
    expect([bob.messages.length, world.take(bob)]).toEqual([50, []])
    known.add(alice.jid)
    const carol = await world.join('carol@c.example/1', options)
    known.add(carol.jid)
    for (let n = 0; n < 10; n++) await receive(bob, await onTheWay(world, carol, bob, `n${n}`))
    // Ten messages with the same key exchange: one answer.
    expect(world.take(bob).length).toBe(1)
  })

  test('OMEMO S20 garbage makes nobody begin sessions again and again', async () => {
    const { world, alice, bob } = await pairOf(options, { ...options, isContact: () => true })
    await receive(bob, await onTheWay(world, alice, bob, 'one'))
    await receive(alice, world.take(bob)[0] as XmlElement)
    const text = String(await onTheWay(world, alice, bob, 'two'))
    const share = /<key [^>]*>([^<]+)</.exec(text)?.[1] as string
    for (let n = 0; n < 200; n++) {
      const broken = Buffer.from(share, 'base64')
      broken[broken.length - 1 - (n % 8)] = n
      await receive(bob, parseXml(text.replace(share, broken.toString('base64'))))
    }
    expect(world.take(bob).length).toBe(version === 'legacy' ? 1 : 0)
    expect(bob.events.filter(({ type }) => type === 'healed').length).toBe(version === 'legacy' ? 1 : 0)
  })

  test('OMEMO F22 two hundred messages without an answer: three heartbeats, and no more', async () => {
    const { world, alice, bob } = await pairOf(options, { ...options, isContact: () => true })
    await receive(bob, await onTheWay(world, alice, bob, 'begin'))
    await receive(alice, world.take(bob)[0] as XmlElement)
    let heartbeats = 0
    for (let n = 0; n < 200; n++) {
      await receive(bob, await onTheWay(world, alice, bob, `m${n}`))
      const answers = world.take(bob)
      heartbeats += answers.length
      for (const answer of answers) await receive(alice, answer)
    }
    expect([bob.messages.length, heartbeats]).toEqual([201, 3])
  })

  test('OMEMO F22 a device that never answers is written to no more', async () => {
    const { world, alice, bob } = await pairOf({ ...options, policy: { staleAfter: 20 } }, options)
    for (let n = 0; n < 20; n++) await alice.omemo.send({ to: bob.jid, body: `m${n}` })
    await expect(alice.omemo.send({ to: bob.jid, body: 'too much' })).rejects.toMatchObject({ code: 'stale-device' })
    expect(alice.events.at(-1)).toMatchObject({ type: 'device-stale', unanswered: 20 })
    expect(world.take(alice).length).toBe(20)
    // Who begins another session wants to write.
    await alice.omemo.resetSession(bob.jid)
    await alice.omemo.send({ to: bob.jid, body: 'anew' })
    expect(world.take(alice).length).toBe(1)
  })

  test('OMEMO F19 thousands of pieces of nonsense have an outcome each', async () => {
    const { world, alice, bob } = await pairOf({ ...options, policy: { heal: 'never' } })
    const text = String(await onTheWay(world, alice, bob, 'hi'))
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    for (let n = 0; n < 2000; n++) {
      const at = 20 + random(text.length - 20)
      const changed = text.slice(0, at) + String.fromCharCode(33 + random(90)) + text.slice(at + 1 + random(3))
      let element: XmlElement
      try {
        element = parseXml(changed)
      } catch {
        continue // no stream would deliver it
      }
      if (element.name !== 'message') continue
      const before = bob.outcomes.length
      const message = inboundOf(bob, element)
      if (message !== undefined) await bob.omemo.receive(message)
      expect(bob.outcomes.length - before).toBeLessThanOrEqual(1)
    }
    expect(bob.session.errors).toEqual([])
  }, 60_000)

  test('OMEMO S23 S22 chain keys are overwritten when those that follow are stored', async () => {
    const used: Uint8Array[] = []
    const crypto = Object.create(defaultBackend) as CryptoBackend & { hmacSha256: CryptoBackend['hmacSha256'] }
    crypto.hmacSha256 = (key, ...data) => {
      if (data.length === 1 && data[0]?.length === 1 && data[0][0] === 2) used.push(key)
      return defaultBackend.hmacSha256(key, ...data)
    }
    const { world, alice, bob } = await pairOf({ ...options, crypto })
    for (let n = 0; n < 3; n++) {
      const late = await onTheWay(world, alice, bob, `a${n}`)
      await receive(bob, await onTheWay(world, alice, bob, `b${n}`))
      await receive(bob, late)
      await receive(alice, await onTheWay(world, bob, alice, `c${n}`))
    }
    expect([bob.messages.length, alice.messages.length, used.length > 15]).toEqual([6, 3, true])
    expect(used.filter((key) => key.some((byte) => byte !== 0)).length).toBe(0)
  })

  test('OMEMO S23 nothing secret can be read from what is logged', async () => {
    const { world, alice, bob } = await pairOf(options)
    await receive(bob, await onTheWay(world, alice, bob, 'the secret text'))
    const shown = inspect([bob.messages, bob.omemo, bob.events, bob.outcomes], { depth: 6 })
    expect(shown).not.toContain('the secret text')
    expect(JSON.stringify([bob.outcomes, bob.messages])).not.toContain('the secret text')
    expect(inspect(lastOutcome(bob))).toContain(alice.jid)
    // What an empty message carries is nobody's business.
    await bob.omemo.send({ to: alice.jid, body: 'yes' })
    for (const element of world.take(bob)) await receive(alice, element)
    expect(alice.outcomes.every((outcome) => !('keyMaterial' in outcome))).toBe(true)
  })
})
