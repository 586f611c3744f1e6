import { StanzaError } from '@couplet/stanza'
import { fakeSession, parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { NS_VCARD, queryVcard, storeVcard, Vcard } from './elements.js'
import { getVcard, setVcard, updateVcard } from './vcard.js'

const card = (content: string) => parseXml(`<vCard xmlns='${NS_VCARD}'>${content}</vCard>`)
const read = (content: string): Vcard => Vcard.parse(card(content)) as Vcard

describe('getVcard', () => {
  test('asks the own account, or whoever has one', async () => {
    const session = fakeSession()
    session.answer(queryVcard, { fullName: 'Ishmael' })
    const [room, occupant] = ['cave@rooms.example.org', 'cave@rooms.example.org/Ishmael']
    for (const from of [undefined, 'example.org', room, occupant]) {
      expect(await getVcard(session, { from })).toEqual({ fullName: 'Ishmael' })
    }
    expect(session.requests.map(({ to, type }) => [to && String(to), type])).toEqual([
      [undefined, 'get'],
      ['example.org', 'get'],
      [room, 'get'],
      [occupant, 'get'],
    ])
    expect(session.requests[0]?.payload?.children).toEqual([])
  })

  test('an empty one is none, and so are the answers that say so', async () => {
    const session = fakeSession()
    session.answer(queryVcard, {})
    expect(await getVcard(session)).toBeUndefined()
    for (const condition of ['item-not-found', 'service-unavailable'] as const) {
      session.answer(queryVcard, new StanzaError({ condition }))
      expect(await getVcard(session, { from: 'bob@example.org' })).toBeUndefined()
    }
  })

  test('a refusal, and a signal', async () => {
    const session = fakeSession()
    session.answer(queryVcard, new StanzaError({ condition: 'forbidden' }))
    await expect(getVcard(session)).rejects.toMatchObject({ condition: 'forbidden' })
    await expect(getVcard(session, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })

  test('S-103 only who was asked can answer', async () => {
    const session = fakeSession()
    const asked = getVcard(session, { from: 'bob@example.org' })
    const answer = (from: string, name: string) =>
      session.receive(
        `<iq type='result' id='${session.requests[0]?.id}' from='${from}'>${card(`<FN>${name}</FN>`)}</iq>`,
      )
    for (const from of ['mallory@evil.net', 'bob@example.org/x', 'example.org']) answer(from, 'Mallory')
    answer('bob@example.org', 'Bob')
    expect(await asked).toEqual({ fullName: 'Bob' })
  })
})

describe('what others have written', () => {
  test('S-183 whatever it is, it is a vCard, and nothing of it is lost', () => {
    const contents = [
      '<PHOTO><BINVAL>!!!</BINVAL><TYPE/></PHOTO><PHOTO/>',
      '<TEL/><TEL>0800</TEL><ADR>Nantucket</ADR><EMAIL><USERID><b/></USERID></EMAIL>',
      '<FN>a<script/></FN><FN>b</FN><FN>c</FN>',
      '<N><N><N/></N></N><others>x</others><__proto__/><constructor/>',
    ]
    for (const content of contents) {
      const value = read(content)
      const again = Vcard.parse(Vcard(value)) as Vcard
      expect(again).toEqual(value)
      const names = (element: ReturnType<typeof card>): string[] =>
        [...element.elements()].flatMap((child) => [child.name, ...names(child)])
      expect(names(Vcard(value)).sort()).toEqual(names(card(content)).sort())
    }
    expect(read(contents[2] ?? '').fullName).toBe('b')
    expect(read(contents[0] ?? '').photo?.data).toBeUndefined()
  })
})

test('S-183 as many as a stanza can hold take no longer than others', () => {
  const value = read(`${'<FN/>'.repeat(3000)}${'<TEL/>'.repeat(3000)}${'<NICKNAME><b/></NICKNAME>'.repeat(1500)}`)
  expect([value.fullName, value.phones?.length, value.others?.length]).toEqual(['', 3000, 4499])
  expect(Vcard.parse(Vcard(value))).toEqual(value)
})

describe('setVcard and updateVcard', () => {
  test('store for the own account', async () => {
    const session = fakeSession()
    session.answer(storeVcard, undefined)
    await setVcard(session, { fullName: 'Ishmael', phones: [{ cell: true, number: '1' }] })
    const [request] = session.requests
    expect([request?.type, request?.to, String(request?.payload)]).toEqual([
      'set',
      undefined,
      String(card('<FN>Ishmael</FN><TEL><CELL/><NUMBER>1</NUMBER></TEL>')),
    ])
  })

  test('a change keeps what it knows nothing of', async () => {
    const session = fakeSession()
    const unknown = "<X-SHIP>Pequod</X-SHIP><mood xmlns='urn:example:mood'/>"
    session.answer(queryVcard, read(`<FN>Ishmael</FN><TEL><X-SAT/><NUMBER>1</NUMBER></TEL>${unknown}`))
    session.answer(storeVcard, undefined)
    const stored = await updateVcard(session, (before) => ({ ...before, fullName: undefined, nickname: 'Ish' }))
    expect(stored.nickname).toBe('Ish')
    expect(String(session.requests[1]?.payload)).toBe(
      String(card(`<NICKNAME>Ish</NICKNAME><TEL><NUMBER>1</NUMBER><X-SAT/></TEL>${unknown}`)),
    )
  })

  test('the first one is made of nothing', async () => {
    const session = fakeSession()
    session.answer(queryVcard, new StanzaError({ condition: 'item-not-found' }))
    session.answer(storeVcard, undefined)
    expect(await updateVcard(session, (before) => ({ ...before, nickname: 'Ish' }))).toEqual({ nickname: 'Ish' })
  })

  test('what cannot be read is not overwritten', async () => {
    const session = fakeSession()
    session.answer(storeVcard, undefined)
    for (const condition of ['service-unavailable', 'internal-server-error'] as const) {
      session.answer(queryVcard, new StanzaError({ condition }))
      await expect(updateVcard(session, (before) => before)).rejects.toMatchObject({ condition })
    }
    expect(session.requests.map(({ type }) => type)).toEqual(['get', 'get'])
  })

  test('a refusal, and a signal', async () => {
    const session = fakeSession()
    session.answer(storeVcard, new StanzaError({ condition: 'not-allowed' }))
    await expect(setVcard(session, {})).rejects.toMatchObject({ condition: 'not-allowed' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(updateVcard(session, (before) => before, { signal })).rejects.toThrow('enough')
  })
})
