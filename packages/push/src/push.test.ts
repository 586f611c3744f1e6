import { inspect } from 'node:util'
import { StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { disablePush, enablePush, NS_PUSH, PushEnable } from './elements.js'
import { push } from './push.js'

const appServer = 'push.example.net'
const secret = 'Gr0undl!ngs'

const install = (supported: boolean | Error = true) => {
  const session = fakeSession()
  const supports = vi.fn(async () => {
    if (supported instanceof Error) throw supported
    return supported
  })
  const api = session.install(push(), { disco: { supports } })
  const accept = (): void => {
    session.answer(enablePush, undefined)
    session.answer(disablePush, undefined)
  }
  const asked = () =>
    session.requests.map(({ to, type, payload }) => [
      payload?.name,
      to,
      type,
      payload?.attr('jid'),
      payload?.attr('node'),
    ])
  return { session, api, supports, accept, asked }
}

test('the own account is asked whether there are notifications (XEP-0357 §4.1)', async () => {
  const { api, supports, session } = install()
  const { signal } = new AbortController()
  expect(await api.supported({ signal })).toBe(true)
  expect(supports).toHaveBeenCalledWith(session.account, NS_PUSH, { signal })
})

describe('enable', () => {
  test('tells the own server the app server, the node and its options', async () => {
    const { api, accept, asked, session } = install()
    accept()
    await api.enable(appServer, 'n1', { options: { secret, other: 'x' } })
    expect(asked()).toEqual([['enable', undefined, 'set', appServer, 'n1']])
    expect(
      session.requests[0]?.element.get(PushEnable)?.options?.fields.map((each) => [each.var, each.values]),
    ).toEqual([
      ['FORM_TYPE', ['http://jabber.org/protocol/pubsub#publish-options']],
      ['secret', [secret]],
      ['other', ['x']],
    ])
    await api.enable(appServer, 'n2')
    expect(session.requests[1]?.element.get(PushEnable)).not.toHaveProperty('options')
  })

  test('is not asked of a server that cannot do it', async () => {
    const { api, session } = install(false)
    await expect(api.enable(appServer, 'n1')).rejects.toMatchObject({ name: 'PushError', code: 'not-supported' })
    const broken = install(new StanzaError({ condition: 'remote-server-timeout' }))
    await expect(broken.api.enable(appServer, 'n1')).rejects.toMatchObject({ condition: 'remote-server-timeout' })
    expect([session.requests, broken.session.requests]).toEqual([[], []])
  })

  test('mistakes are found before anything is sent', async () => {
    const { api, session, supports } = install()
    await expect(api.enable('@', 'n1')).rejects.toMatchObject({ name: 'InvalidJidError' })
    await expect(api.disable('@')).rejects.toMatchObject({ name: 'InvalidJidError' })
    await expect(api.enable(appServer, '')).rejects.toThrow(RangeError)
    await expect(api.enable(appServer, 'n', { options: { FORM_TYPE: 'x' } })).rejects.toThrow(RangeError)
    expect([session.requests.length, supports.mock.calls.length]).toEqual([0, 0])
  })

  test.each(['bad-request', 'forbidden'] as const)('the server says %s', async (condition) => {
    const { api, session } = install()
    session.answer(enablePush, new StanzaError({ condition }))
    await expect(api.enable(appServer, 'n1')).rejects.toMatchObject({ name: 'StanzaError', condition })
    await session.begin()
    expect(session.requests).toHaveLength(1)
  })

  test('S-103 nobody else can say that it is done, or that it has failed', async () => {
    const { api, session } = install()
    let done = false
    const enabled = api.enable(appServer, 'n1').then(() => {
      done = true
    })
    await session.settled()
    const reply = (type: string, from: string) =>
      session.receive(`<iq type='${type}' id='${session.requests[0]?.id}' from='${from}'/>`)
    for (const from of [appServer, 'mallory@evil.net/x', 'evil.net', 'x.example.org']) {
      reply('result', from)
      reply('error', from)
    }
    await session.settled()
    expect(done).toBe(false)
    reply('result', 'me@example.org')
    await enabled
  })

  test('a signal ends it', async () => {
    const { api, session } = install()
    const controller = new AbortController()
    const enabled = api.enable(appServer, 'n1', { signal: controller.signal })
    await session.settled()
    controller.abort(new Error('enough'))
    await expect(enabled).rejects.toThrow('enough')
    await expect(api.disable(appServer, { signal: controller.signal })).rejects.toThrow('enough')
  })
})

describe('a new session', () => {
  test('enables again what is enabled, and nothing else', async () => {
    const { api, accept, asked, session } = install()
    accept()
    await session.begin()
    expect(asked()).toEqual([])
    await api.enable(appServer, 'n1', { options: { secret: 'old' } })
    await api.enable(appServer, 'n1', { options: { secret } })
    await api.enable(appServer, 'n2')
    await api.enable('push.example.com', 'n3')
    await api.disable(appServer, { node: 'n2' })
    const before = session.requests.length
    session.lose()
    await session.begin()
    expect(asked().slice(before)).toEqual([
      ['enable', undefined, 'set', appServer, 'n1'],
      ['enable', undefined, 'set', 'push.example.com', 'n3'],
    ])
    const options = session.requests[before]?.element.get(PushEnable)?.options
    expect(options?.fields[1]?.values).toEqual([secret])
    await session.resume()
    expect(session.requests).toHaveLength(before + 2)
  })

  test('a refusal is reported, hurts no other, and is tried again', async () => {
    const { api, accept, session } = install()
    accept()
    await api.enable(appServer, 'n1', { options: { secret } })
    await api.enable(appServer, 'n2')
    session.answer(enablePush, ({ node }) => (node === 'n1' ? new StanzaError({ condition: 'forbidden' }) : undefined))
    await session.begin()
    expect(session.errors).toMatchObject([{ condition: 'forbidden' }])
    expect(session.requests).toHaveLength(4)
    await session.begin()
    expect(session.requests).toHaveLength(6)
  })
})

describe('disable', () => {
  test('is for one node, or for all of an app server', async () => {
    const { api, accept, asked, session } = install()
    accept()
    await api.enable(appServer, 'n1')
    await api.enable(appServer, 'n2')
    await api.disable(appServer, { node: 'n1' })
    await api.disable(appServer)
    expect(asked().slice(2)).toEqual([
      ['disable', undefined, 'set', appServer, 'n1'],
      ['disable', undefined, 'set', appServer, undefined],
    ])
    await session.begin()
    expect(session.requests).toHaveLength(4)
  })

  test('while the server is still asked to enable it, counts', async () => {
    const { api, session } = install()
    const enabled = api.enable(appServer, 'n1')
    await session.settled()
    const disabled = api.disable(appServer, { node: 'n1' })
    await session.settled()
    for (const { id } of session.requests) session.receive(`<iq type='result' id='${id}' from='me@example.org'/>`)
    await Promise.all([enabled, disabled])
    await session.begin()
    expect(session.requests).toHaveLength(2)
  })

  test('what was enabled stays so when new options are refused', async () => {
    const { api, accept, session } = install()
    accept()
    await api.enable(appServer, 'n1', { options: { secret } })
    session.answer(enablePush, new StanzaError({ condition: 'forbidden' }))
    await expect(api.enable(appServer, 'n1', { options: { secret: 'new' } })).rejects.toThrow()
    session.answer(enablePush, undefined)
    await session.begin()
    const options = session.requests[2]?.element.get(PushEnable)?.options
    expect(options?.fields[1]?.values).toEqual([secret])
  })

  test('what is refused is not enabled again all the same', async () => {
    const { api, accept, session } = install()
    accept()
    await api.enable(appServer, 'n1')
    session.answer(disablePush, new StanzaError({ condition: 'item-not-found' }))
    await expect(api.disable(appServer)).rejects.toMatchObject({ condition: 'item-not-found' })
    await session.begin()
    expect(session.requests).toHaveLength(2)
  })
})

test('no error, and nothing that can be printed, tells a secret or a node', async () => {
  const node = 'n0de-secret'
  const { api, session, accept } = install()
  session.answer(enablePush, new StanzaError({ condition: 'forbidden' }))
  const signal = AbortSignal.abort()
  const errors = await Promise.all(
    [
      api.enable(appServer, node, { options: { secret } }),
      api.enable(appServer, node, { options: { secret: `${secret}\0` } }),
      api.enable(appServer, `${node}\0`, { options: { secret } }),
      api.enable(appServer, node, { options: { secret }, signal }),
    ].map((each) => each.catch((error: unknown) => error)),
  )
  for (const error of errors) expect(error).toBeInstanceOf(Error)
  accept()
  const second = install()
  second.accept()
  await second.api.enable(appServer, node, { options: { secret } })
  for (const each of [...errors, second.api]) {
    const printed = `${inspect(each, { depth: 9 })} ${JSON.stringify(each)} ${(each as Error).stack}`
    expect(printed).not.toContain(secret)
    expect(printed).not.toContain(node)
  }
})
