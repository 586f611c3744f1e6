import { StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { type ExternalService, queryCredentials, queryServices } from './elements.js'
import { getExternalServices, getServiceCredentials } from './get-services.js'

const stun: ExternalService = { host: 'stun.example.org', port: 9998, transport: 'udp', type: 'stun', forms: [] }
const turn: ExternalService = { host: '192.0.2.1', type: 'turn', username: 'u', password: 'p', forms: [] }

describe('asking for services', () => {
  test('all of them, of the own server by default', async () => {
    const session = fakeSession()
    session.answer(queryServices, { services: [stun, turn] })
    expect(await getExternalServices(session)).toEqual([stun, turn])
    await getExternalServices(session, { from: 'disco.example.net' })
    expect(session.requests.map(({ to }) => String(to))).toEqual(['example.org', 'disco.example.net'])
    expect(session.requests[0]?.get(queryServices.request)).toEqual({})
  })

  test('of one type, also from who does not look at it', async () => {
    const session = fakeSession()
    session.answer(queryServices, { services: [stun, turn] })
    expect(await getExternalServices(session, { type: 'turn' })).toEqual([turn])
    expect(session.requests[0]?.get(queryServices.request)).toEqual({ type: 'turn' })
  })

  test('a broken service does not hide the others', async () => {
    const session = fakeSession()
    const asked = getExternalServices(session)
    session.receive(`<iq type='result' id='${session.requests[0]?.id}' from='example.org'>
      <services xmlns='urn:xmpp:extdisco:2'><service type='turn'/><service host='a' type='x' port='65536'/>
      <service host='a' type='x' port='65535'/></services></iq>`)
    expect((await asked).map(({ port }) => port)).toEqual([65_535])
  })

  test('a refusal rejects, and a signal ends it', async () => {
    const session = fakeSession()
    session.answer(queryServices, new StanzaError({ condition: 'forbidden' }))
    await expect(getExternalServices(session)).rejects.toMatchObject({ condition: 'forbidden' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(getExternalServices(session, { signal })).rejects.toThrow('enough')
    await expect(getServiceCredentials(session, turn, { signal })).rejects.toThrow('enough')
  })
})

test('asking for credentials says which service is meant, and takes those of no other', async () => {
  const session = fakeSession()
  session.answer(queryCredentials, { services: [turn, { ...turn, host: '192.0.2.2' }, stun] })
  expect(await getServiceCredentials(session, { host: '192.0.2.1', type: 'turn', port: 9 })).toEqual([turn])
  await getServiceCredentials(session, turn, { from: 'disco.example.net' })
  expect(session.requests.map((iq) => [String(iq.to), iq.get(queryCredentials.request)])).toEqual([
    ['example.org', { service: { host: '192.0.2.1', port: 9, type: 'turn' } }],
    ['disco.example.net', { service: { host: '192.0.2.1', type: 'turn' } }],
  ])
})
