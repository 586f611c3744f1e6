import { memoryStore, type PluginContext } from '@couplet/client'
import { type DiscoInfo, disco, getDiscoInfo, NS_DISCO_INFO } from '@couplet/disco'
import { presence, StanzaError } from '@couplet/stanza'
import { type FakeSession, type FakeSessionOptions, fakeSession } from '@couplet/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type CapsOptions, caps } from './caps.js'
import { Capabilities } from './elements.js'
import { verificationString } from './verification-string.js'

const node = 'http://code.google.com/p/exodus'
const romeo = 'romeo@montague.lit/orchard'
const nurse = 'nurse@capulet.lit/chamber'

const exodus: DiscoInfo = {
  identities: [{ category: 'client', type: 'pc', name: 'Exodus 0.9.1' }],
  features: ['urn:example:a', 'urn:example:b'],
  forms: [],
}
const ver = verificationString(exodus)
const honest: Capabilities = { hash: 'sha-1', node, ver }

afterEach(() => {
  vi.useRealTimers()
})

function setUp(options: CapsOptions & FakeSessionOptions = {}) {
  const session = fakeSession({ features: ['urn:example:own'], ...options })
  const discoApi = session.install(disco({ name: 'Puck' }))
  const api = session.install(caps(options), { disco: discoApi })
  const announce = (from: string, value: Capabilities = honest): void =>
    session.receive(presence({ from }, Capabilities(value)))
  return { session, api, announce, disco: discoApi }
}

/** Whom the questions went to, with the node. */
const asked = (session: FakeSession): string[] =>
  session.requests.map((iq) => `${iq.to} ${iq.get(getDiscoInfo.request)?.node}`)

const shown = (session: FakeSession): (Capabilities | undefined)[] => session.sent.map((each) => each.get(Capabilities))

describe('announcing', () => {
  test('every presence that says that we are available says what we can do, and the answer has that hash', async () => {
    const { session, api, disco: self } = setUp({ node: 'https://puck.example' })
    session.send(presence({ show: 'away' }))
    session.send(presence({ type: 'unavailable' }))
    expect(api.own).toEqual({ hash: 'sha-1', node: 'https://puck.example', ver: verificationString(self.self) })
    expect(shown(session)).toEqual([api.own, undefined])
    const answer = await session.ask(getDiscoInfo, { node: `https://puck.example#${api.own.ver}` })
    expect(verificationString(answer)).toBe(api.own.ver)
    const outdated = session.ask(getDiscoInfo, { node: 'https://puck.example#x' })
    await expect(outdated).rejects.toMatchObject({ condition: 'item-not-found' })
  })

  test('when it changes, those who were told hear it, once', async () => {
    const session = fakeSession()
    const own = caps()
    let context: PluginContext | undefined
    const keep: typeof own = {
      ...own,
      setup(given) {
        context = given
        return own.setup(given)
      },
    }
    const described = {
      get self() {
        return { ...exodus, features: context?.features ?? [] }
      },
      describeNodes: () => session.subscription(() => {}),
    }
    const api = session.install(keep, { disco: described })
    context?.advertise('urn:example:old') // before anybody was told
    await session.settled()
    session.send(presence({ show: 'dnd' }))
    const before = api.own.ver
    context?.advertise('urn:example:new')
    const late = context?.advertise('urn:example:newer')
    await session.settled()
    expect(session.sent.map(({ element }) => element.child('show')?.text)).toEqual(['dnd', 'dnd'])
    expect(shown(session).map((each) => each?.ver)).toEqual([before, api.own.ver])
    expect(api.own.ver).not.toBe(before)
    late?.dispose()
    session.end()
    await session.settled()
    expect(session.sent).toHaveLength(2)
  })
})

describe('finding out', () => {
  test('who announces nothing is asked each time', async () => {
    const { session, api } = setUp()
    session.answer(getDiscoInfo, exodus)
    expect(await api.of(romeo)).toEqual(exodus)
    expect(await api.supports(romeo, 'urn:example:a')).toBe(true)
    expect([api.announced(romeo), asked(session)]).toEqual([undefined, [`${romeo} undefined`, `${romeo} undefined`]])
  })

  test('who announces is asked once, with the node, and so is everybody who announces the same', async () => {
    const { session, api, announce } = setUp()
    session.answer(getDiscoInfo, (query) => ({ ...exodus, ...query }))
    for (const from of [romeo, nurse]) announce(from)
    expect(api.announced(romeo)).toEqual(honest)
    const all = await Promise.all([api.of(romeo), api.of(romeo), api.of(nurse)])
    expect(all.map(({ features }) => features)).toEqual([exodus.features, exodus.features, exodus.features])
    expect(await api.supports(nurse, 'urn:example:b')).toBe(true)
    expect(await api.supports(nurse, 'urn:example:c')).toBe(false)
    expect(await api.supports(nurse, NS_DISCO_INFO)).toBe(true)
    expect(asked(session)).toEqual([`${romeo} ${node}#${ver}`])
  })

  test('another session, and another client with the same store, need not ask', async () => {
    const store = memoryStore()
    const first = setUp({ store })
    first.session.answer(getDiscoInfo, exodus)
    first.announce(romeo)
    await first.api.of(romeo)
    await first.session.begin()
    expect(first.api.announced(romeo)).toBeUndefined()
    first.announce(nurse)
    await first.api.of(nurse)
    const second = setUp({ store })
    second.announce(romeo)
    expect(await second.api.of(romeo)).toEqual(exodus)
    expect([asked(first.session).length, asked(second.session)]).toEqual([1, []])
  })

  test('S-152 an answer with another hash holds for nobody else', async () => {
    const store = memoryStore()
    const { session, api, announce } = setUp({ store })
    const poison = { ...exodus, features: ['urn:example:a'] }
    session.answer(getDiscoInfo, (_query, iq) => (String(iq.to) === 'mallory@evil.net/x' ? poison : exodus))
    for (const from of ['mallory@evil.net/x', romeo]) announce(from)
    const [forged, genuine] = await Promise.all([api.of('mallory@evil.net/x'), api.of(romeo)])
    expect([forged.features, genuine.features]).toEqual([poison.features, exodus.features])
    expect(await api.of('mallory@evil.net/x')).toEqual(poison)
    expect(asked(session)).toHaveLength(2)
    announce(nurse)
    expect(await api.of(nurse)).toEqual(exodus)
    expect(asked(session)).toHaveLength(2)
  })

  test('S-152 an answer whose text could be that of another one holds for nobody else', async () => {
    const { session, api, announce } = setUp()
    const forged = { ...exodus, features: ['urn:example:a<urn:example:b'] }
    session.answer(getDiscoInfo, (_query, iq) => (String(iq.to) === 'mallory@evil.net/x' ? forged : exodus))
    announce('mallory@evil.net/x')
    announce(romeo)
    expect((await api.of('mallory@evil.net/x')).features).toEqual(forged.features)
    expect(await api.supports(romeo, 'urn:example:b')).toBe(true)
  })

  test.each([
    ['a hash nobody knows', { ...honest, hash: 'sha-9' }, `${node}#${ver}`],
    ['no hash, as before version 1.4', { node, ver: '0.11', ext: 'ca' }, undefined],
  ])('%s: the answer is that of the entity, until it announces something else', async (_what, value, question) => {
    const { session, api, announce } = setUp()
    session.answer(getDiscoInfo, exodus)
    for (const from of [romeo, nurse]) announce(from, value)
    await api.of(romeo)
    await api.of(nurse)
    announce(romeo, value)
    await api.of(romeo)
    expect(asked(session)).toEqual([`${romeo} ${question}`, `${nurse} ${question}`])
    announce(romeo, { ...value, ver: 'other' })
    await api.of(romeo)
    expect(asked(session)).toHaveLength(3)
  })

  test('a presence without announcement changes nothing, one who leaves is forgotten (XEP-0115 §8.4)', () => {
    const { session, api, announce } = setUp()
    announce(romeo)
    session.receive(presence({ from: romeo, show: 'away' }))
    session.receive(`<presence from='${romeo}'><c xmlns='http://jabber.org/protocol/caps'/></presence>`)
    expect(api.announced(romeo)).toEqual(honest)
    session.receive(presence({ from: romeo, type: 'unavailable' }))
    expect(api.announced(romeo)).toBeUndefined()
    session.receive(presence({}, Capabilities(honest)))
    session.receive(presence({ from: romeo, type: 'subscribe' }, Capabilities(honest)))
    expect(api.announced(romeo)).toBeUndefined()
  })

  test('the own server announces in its stream features', async () => {
    const { session, api } = setUp({ serverFeatures: [Capabilities({ ...honest, node: 'http://jabberd.org' })] })
    session.answer(getDiscoInfo, exodus)
    await api.of('example.org')
    await api.of('example.org')
    expect(asked(session)).toEqual([`example.org http://jabberd.org#${ver}`])
  })

  test('a refusal is told, and asked about again', async () => {
    const { session, api, announce } = setUp()
    announce(romeo)
    session.answer(getDiscoInfo, new StanzaError({ condition: 'forbidden' }))
    await expect(api.of(romeo)).rejects.toMatchObject({ condition: 'forbidden' })
    await expect(api.supports(romeo, 'x')).rejects.toMatchObject({ condition: 'forbidden' })
    session.answer(getDiscoInfo, new StanzaError({ condition: 'service-unavailable' }))
    expect(await api.supports(romeo, 'x')).toBe(false)
    expect(asked(session)).toHaveLength(3)
    await expect(api.of('@')).rejects.toMatchObject({ name: 'InvalidJidError' })
  })

  test('a signal ends one call, not what others wait for', async () => {
    const { session, api, announce } = setUp()
    announce(romeo)
    const controller = new AbortController()
    const [ended, other] = [api.of(romeo, { signal: controller.signal }), api.of(romeo)]
    controller.abort(new Error('enough'))
    await expect(ended).rejects.toThrow('enough')
    await session.settled()
    session.receive(`<iq type='result' id='${session.requests[0]?.id}' from='${romeo}'>
      <query xmlns='${NS_DISCO_INFO}'><feature var='urn:example:a'/></query></iq>`)
    expect((await other).features).toEqual(['urn:example:a'])
    await expect(api.of(romeo, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
  })

  test('S-152 one who never answers delays the others for five seconds only', async () => {
    vi.useFakeTimers()
    const { session, api, announce } = setUp()
    for (const from of ['mallory@evil.net/x', romeo]) announce(from)
    const silent = api.of('mallory@evil.net/x')
    silent.catch(() => {})
    await vi.advanceTimersByTimeAsync(0)
    session.answer(getDiscoInfo, exodus)
    const genuine = api.of(romeo)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(asked(session)).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await genuine).toEqual(exodus)
    session.lose()
    await expect(silent).rejects.toMatchObject({ name: 'ConnectionError' })
  })

  test('a flood of announcements does not fill the memory', () => {
    const { api, announce } = setUp()
    announce(romeo)
    for (let i = 0; i < 10_000; i++) announce(`mallory@evil.net/${i}`)
    expect([api.announced(romeo), api.announced('mallory@evil.net/0')]).toEqual([undefined, honest])
  })
})
