import { type DiscoOptions, disco, getDiscoInfo, getDiscoItems } from '@couplet/disco'
import { DataForm, resultForm } from '@couplet/forms'
import { Jid, StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { adhoc } from './adhoc.js'
import { askForm } from './ask-form.js'
import { CommandError } from './command-error.js'
import type { CommandLimits } from './command-sessions.js'
import { CommandCondition, CommandRequest, executeCommand, NS_COMMANDS } from './elements.js'
import type { ServedCommand } from './served-command.js'

const me = 'me@example.org/other'
const friend = 'friend@example.org/x'
const stranger = 'stranger@evil.net/x'

const install = (
  commands: readonly Partial<ServedCommand>[] = [{}],
  limits?: CommandLimits,
  options?: DiscoOptions,
) => {
  const session = fakeSession()
  const api = session.install(adhoc(limits), { disco: session.install(disco(options)) })
  const added = commands.map((command) =>
    api.add({ node: 'list', name: 'List', allow: 'ownAccount', run: () => ({ notes: ['hi'] }), ...command }),
  )
  const ask = (request: Partial<CommandRequest>, from = me) =>
    session.ask(executeCommand, { node: 'list', payload: [], ...request }, from)
  /** The type, the condition and the one of the XEP of a refusal. */
  const refused = async (request: Partial<CommandRequest>, from = me) => {
    const error = await ask(request, from).catch((reason: unknown) => reason)
    if (!(error instanceof StanzaError)) throw new Error('it was not refused')
    return [error.type, error.condition, error.element.get(CommandCondition)]
  }
  return { session, api, added, ask, refused }
}

describe('commands', () => {
  test('answer at once with a result, in their language', async () => {
    const Result = resultForm('urn:example:result', {})
    const run = () => ({
      notes: ['hi', { type: 'error', text: 'no' } as const],
      form: Result(),
      payload: [DataForm(ask)],
    })
    const ask = askForm({ fields: {} })
    const { ask: send } = install([{ lang: 'en', run }])
    const answer = await send({ action: 'execute' })
    expect(answer).toMatchObject({ node: 'list', status: 'completed', lang: 'en' })
    expect(answer.notes).toEqual([
      { type: 'info', text: 'hi' },
      { type: 'error', text: 'no' },
    ])
    expect(answer.payload.map((each) => each.attr('type'))).toEqual(['result', 'form'])
    expect(answer.sessionId).toMatch(/^[0-9a-f]{32}$/)
    expect(answer.actions).toBeUndefined()
  })

  test('get who asks, in which language, and what was sent', async () => {
    const seen: unknown[] = []
    const { session, ask } = install([
      { run: ({ from, to, lang, payload }) => void seen.push(String(from), String(to), lang, payload) },
    ])
    expect(await ask({ lang: 'fr-ca' })).toMatchObject({ status: 'completed', notes: [], payload: [] })
    expect(seen).toEqual([me, 'me@example.org/here', 'fr-ca', []])
    // XEP-0050 §3.7: it may be said of the whole request.
    session.receive(
      `<iq type='set' id='l' from='${me}' xml:lang='de'>${CommandRequest({ node: 'list', payload: [] })}</iq>`,
    )
    await session.settled()
    expect(seen[6]).toBe('de')
  })

  test('need a node, a name, whom they allow, and something to do; and a node is there once', () => {
    const { api } = install()
    const command = { node: 'n', name: 'N', allow: 'anyone', run: () => {} } as const
    for (const wrong of [{ node: '' }, { name: '' }, { run: undefined }, { allow: undefined }, { allow: true }]) {
      expect(() => api.add({ ...command, ...wrong } as unknown as ServedCommand)).toThrow(TypeError)
    }
    expect(() => api.add({ ...command, node: 'list' })).toThrow('already')
    expect(() => api.add({ ...command, node: NS_COMMANDS })).toThrow('already')
  })

  test('can be taken back, and are advertised as long as there are some', async () => {
    const { session, api, refused, added } = install()
    expect(session.features).toContain(NS_COMMANDS)
    const second = api.add({ node: 'second', name: 'N', allow: 'anyone', run: () => {} })
    added[0]?.dispose()
    expect(await refused({})).toEqual(['cancel', 'item-not-found', undefined])
    expect(session.features).toContain(NS_COMMANDS)
    second.dispose()
    second.dispose()
    expect(session.features).not.toContain(NS_COMMANDS)
    expect(await refused({})).toEqual(['cancel', 'service-unavailable', undefined])
    api.add({ node: 'list', name: 'N', allow: 'anyone', run: () => {} })
    expect(session.features).toContain(NS_COMMANDS)
  })
})

test('a command that is taken back while its predicate thinks is not carried out', async () => {
  const run = vi.fn()
  const { added, refused } = install([
    {
      run,
      allow: async () => {
        added[0]?.dispose()
        return true
      },
    },
    { node: 'b' },
  ])
  expect(await refused({})).toEqual(['cancel', 'item-not-found', undefined])
  expect(run).not.toHaveBeenCalled()
})

describe('S-155 who may', () => {
  test('nobody, as long as no command was added', async () => {
    const { refused, session } = install([])
    for (const from of [me, 'me@example.org', 'example.org', friend, stranger]) {
      for (const action of ['execute', 'next', 'cancel'] as const) {
        expect(await refused({ action }, from)).toEqual(['cancel', 'service-unavailable', undefined])
      }
    }
    expect(session.features).not.toContain(NS_COMMANDS)
  })

  test.each([
    ['ownAccount', [me, 'me@example.org']],
    ['anyone', [me, 'me@example.org', friend, stranger, 'example.org', 'example.org/x', 'm\u0435@example.org/x']],
    [(from: Jid) => from.toString() === friend, [friend]],
    [async (from: Jid) => from.toString() === friend, [friend]],
    [() => 'yes' as unknown as boolean, []],
  ] as const)('%s', async (allow, who) => {
    const { ask } = install([{ allow }])
    const all = [me, 'me@example.org', friend, stranger, 'example.org', 'example.org/x', 'm\u0435@example.org/x']
    const found: string[] = []
    for (const from of all) {
      const answer = await ask({}, from).catch(() => undefined)
      if (answer?.status === 'completed') found.push(from)
    }
    expect(found).toEqual(who)
  })

  test('a function that throws allows nobody, and is reported', async () => {
    const broken = new Error('broken')
    const { session } = install([{ allow: () => Promise.reject(broken) }])
    session.receive(`<iq type='set' id='x' from='${friend}'>${CommandRequest({ node: 'list', payload: [] })}</iq>`)
    await expect(session.settled()).rejects.toBe(broken)
    expect(session.replies[0]?.error?.condition).toBe('service-unavailable')
    expect(session.errors).toEqual([broken])
  })

  test('S-160 who may nothing and knows nothing learns nothing: not that we are here, not what there is', async () => {
    const { session, refused } = install([{ allow: (from) => from.toString() === friend }, { node: 'b' }])
    const nothing = ['cancel', 'service-unavailable', undefined]
    for (const request of [{}, { node: 'b' }, { node: 'zzz' }, { sessionId: 'x' }, { action: 'cancel' } as const]) {
      expect(await refused(request, stranger)).toEqual(nothing)
    }
    const bad = ['<command xmlns="NS"/>', '<command xmlns="NS" node="list" action="explode"/>']
    for (const [i, each] of bad.entries()) {
      session.receive(`<iq type='set' id='${i}' from='${stranger}'>${each.replace('NS', NS_COMMANDS)}</iq>`)
    }
    await session.settled()
    expect(session.replies.slice(-2).map(({ error }) => error?.condition)).toEqual(Array(2).fill(nothing[1]))
    const refusal = { type: 'cancel', condition: 'service-unavailable', text: undefined }
    for (const node of [NS_COMMANDS, 'list', 'zzz']) {
      await expect(session.ask(getDiscoInfo, { node }, stranger)).rejects.toMatchObject(refusal)
      await expect(session.ask(getDiscoItems, { node }, stranger)).rejects.toMatchObject(refusal)
    }
  })

  test('who may know that we are here gets the answers of the XEP', async () => {
    const { session, refused } = install([{ allow: (from) => from.toString() === friend }, { node: 'b' }])
    expect(await refused({})).toEqual(['cancel', 'forbidden', undefined])
    expect(await refused({ node: 'b' }, friend)).toEqual(['cancel', 'forbidden', undefined])
    expect(await refused({ node: 'c' }, friend)).toEqual(['cancel', 'item-not-found', undefined])
    session.receive(`<iq type='set' id='x' from='${friend}'><command xmlns='${NS_COMMANDS}'/></iq>`)
    await session.settled()
    expect(session.replies.at(-1)?.error?.condition).toBe('bad-request')
    await expect(session.ask(getDiscoInfo, { node: 'list' }, me)).rejects.toMatchObject({ condition: 'forbidden' })
  })
})

describe('discovery', () => {
  test('lists to everyone what they may, and describes it', async () => {
    const allow = (from: Jid) => from.toString() === friend
    const { session } = install([{ allow, lang: 'en' }, { node: 'b', allow: 'anyone', name: 'B' }, { node: 'c' }])
    const jid = Jid.parse('me@example.org/here')
    const items = [
      { jid, node: 'list', name: 'List' },
      { jid, node: 'b', name: 'B' },
    ]
    expect(await session.ask(getDiscoItems, { node: NS_COMMANDS }, friend)).toEqual({ node: NS_COMMANDS, items })
    const others = await session.ask(getDiscoItems, { node: NS_COMMANDS }, stranger)
    expect(others.items.map(({ node }) => node)).toEqual(['b'])
    expect((await session.ask(getDiscoInfo, { node: NS_COMMANDS }, friend)).identities).toEqual([
      { category: 'automation', type: 'command-list' },
    ])
    expect(await session.ask(getDiscoInfo, { node: 'list' }, friend)).toEqual({
      node: 'list',
      identities: [{ category: 'automation', type: 'command-node', name: 'List', lang: 'en' }],
      features: [NS_COMMANDS, 'jabber:x:data'],
      forms: [],
    })
    expect(await session.ask(getDiscoItems, { node: 'list' }, friend)).toEqual({ node: 'list', items: [] })
  })

  test('has nothing for those who may nothing', async () => {
    const { session } = install([{ allow: () => false }])
    const [node, refusal] = [NS_COMMANDS, { condition: 'item-not-found' }]
    await expect(session.ask(getDiscoInfo, { node }, me)).rejects.toMatchObject(refusal)
    await expect(session.ask(getDiscoItems, { node }, me)).rejects.toMatchObject(refusal)
  })
})

describe('whatever a handler does, there is an answer', () => {
  const broken = new Error('broken')
  test.each([
    [new CommandError('bad-locale', 'Only English.'), ['modify', 'bad-request', 'bad-locale']],
    [new StanzaError({ condition: 'conflict' }), ['cancel', 'conflict', undefined]],
  ])('%s', async (error, outcome) => {
    for (const run of [
      () => Promise.reject(error),
      () => {
        throw error
      },
    ]) {
      const { refused, session } = install([{ run }])
      expect(await refused({})).toEqual(outcome)
      expect(session.errors).toEqual([])
    }
  })

  test('an error of its own is reported, and nothing of it told', async () => {
    const { session } = install([{ run: () => Promise.reject(broken) }])
    session.receive(`<iq type='set' id='x' from='${me}'>${CommandRequest({ node: 'list', payload: [] })}</iq>`)
    await expect(session.settled()).rejects.toBe(broken)
    expect(String(session.replies[0])).not.toContain('broken')
    expect(session.replies[0]?.error?.condition).toBe('internal-server-error')
  })

  test.each([{ notes: ['\u0000'] }, { defaultAction: 'next', complete: () => {} } as const])(
    'a stage that cannot be sent: %o',
    async (step) => {
      const { session } = install([{ run: () => step }])
      session.receive(`<iq type='set' id='x' from='${me}'>${CommandRequest({ node: 'list', payload: [] })}</iq>`)
      await session.settled().catch(() => {})
      expect(session.errors).toHaveLength(1)
      expect(session.replies[0]?.error?.condition).toBe('internal-server-error')
    },
  )
})
