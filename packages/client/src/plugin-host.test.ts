import { attr, element, Jid } from '@couplet/stanza'
import { describe, expect, test, vi } from 'vitest'
import type { AnyPlugin, PluginContext } from './plugin.js'
import { PluginHost } from './plugin-host.js'
import { SessionCore } from './session-core.js'
import { memoryStore } from './state-store.js'
import { Subscription } from './subscription.js'

const Note = element('urn:example', 'note', { id: attr('id') })

const plugin = (
  name: string,
  needs: readonly string[] = [],
  setup?: (context: PluginContext) => unknown,
): AnyPlugin => ({
  name,
  needs: Object.fromEntries(needs.map((need) => [need, true])),
  setup: setup ?? (() => ({ name })),
})

const newCore = (): SessionCore => new SessionCore({ account: Jid.parse('u@example.org').bare })
const host = (plugins: readonly AnyPlugin[], core = newCore(), store = memoryStore()): PluginHost =>
  new PluginHost(plugins, core, store)

describe('PluginHost: order', () => {
  test('those that are needed come first; otherwise the order is kept', () => {
    const order: string[] = []
    const note = (name: string, ...needs: string[]): AnyPlugin => plugin(name, needs, () => order.push(name))
    host([note('d', 'c', 'a'), note('x'), note('a', 'b'), note('b'), note('c', 'b')])
    expect(order).toEqual(['b', 'c', 'a', 'd', 'x'])
  })

  test('a plugin gets the APIs it needs, and no others', () => {
    const setup = vi.fn<(context: PluginContext) => void>()
    const { apis } = host([plugin('b', ['a'], setup), plugin('c'), plugin('a')])
    const context = setup.mock.calls[0]?.[0] as unknown as Record<string, unknown>
    expect(context.a).toBe(apis.a)
    expect('c' in context).toBe(false)
  })

  test.each([
    [[plugin('mam', ['disco'])], 'plugin "mam" needs plugin "disco"'],
    [[plugin('a'), plugin('a')], 'two plugins are called "a"'],
    [[plugin('a', ['b']), plugin('b', ['c']), plugin('c', ['a'])], 'plugins need each other: a → b → c → a'],
    [[plugin('a', ['a'])], 'plugins need each other: a → a'],
    [[plugin('a', ['toString'])], 'plugin "a" needs plugin "toString"'],
    [[plugin('send')], 'a plugin cannot be called "send"'],
    [[plugin('features')], 'a plugin cannot be called "features"'],
    [[plugin('__proto__')], 'a plugin cannot be called "__proto__"'],
  ])('says what is wrong: %#', (plugins, sentence) => {
    expect(() => host(plugins)).toThrow(new TypeError(sentence))
  })

  test('features of all plugins are known to all, once and in order', () => {
    const seen = vi.fn()
    const advertise = (name: string, ...features: string[]): AnyPlugin => ({
      ...plugin(name, [], (context) => seen(context.features)),
      features,
    })
    host([advertise('a', 'urn:b', 'urn:a'), advertise('b', 'urn:b', 'urn:c'), plugin('c')])
    expect(seen.mock.calls[0]).toEqual([['urn:a', 'urn:b', 'urn:c']])
  })

  test('a feature is advertised for as long as somebody wants it, and changes are told', () => {
    const contexts: PluginContext[] = []
    const take = (context: PluginContext) => contexts.push(context)
    const all = host([{ ...plugin('a', [], take), features: ['urn:b'] }, plugin('b', [], take)])
    const [a, b] = contexts as [PluginContext, PluginContext]
    const lists: (readonly string[])[] = []
    const subscription = a.onFeatures(() => void lists.push(a.features))
    const wanted = [a.advertise('urn:a'), b.advertise('urn:a'), b.advertise('urn:b')]
    expect([a.features, all.features]).toEqual([a.features, ['urn:a', 'urn:b']])
    for (const each of wanted) each.dispose()
    wanted[0]?.dispose()
    expect(lists).toEqual([['urn:a', 'urn:b'], ['urn:b']])
    subscription.dispose()
    b.advertise('urn:c')
    expect(lists).toHaveLength(2)
  })

  test('what a handler of changed features throws is reported', () => {
    const core = newCore()
    const errors: unknown[] = []
    core.events.on('error', (error) => errors.push(error))
    const setup = (context: PluginContext) => {
      context.onFeatures(() => {
        throw new Error('oops')
      })
      context.advertise('urn:a')
    }
    host([plugin('a', [], setup)], core)
    expect(errors).toEqual([new Error('oops')])
  })
})

describe('PluginHost: context', () => {
  test('what a plugin acts upon must say who may send it', () => {
    const listen = (filter?: { from: 'anyone' }) =>
      plugin('a', [], (context) => context.onMessage(Note, () => {}, filter))
    const presences = plugin('a', [], (context) => context.onPresence(Note, () => {}, {}))
    const sentence = 'plugin "a" listens for a payload without saying who may send it'
    expect(() => host([listen()])).toThrow(new TypeError(sentence))
    expect(() => host([presences])).toThrow(new TypeError(sentence))
    expect(() => host([listen({ from: 'anyone' })])).not.toThrow()
    expect(() => host([plugin('a', [], (context) => context.onMessage(() => {}))])).not.toThrow()
  })

  test('a subscription of its own ends once, with the plugin at the latest', () => {
    const [early, late] = [vi.fn(), vi.fn()]
    const all = host([plugin('a', [], (context) => [context.subscription(late), context.subscription(early)])])
    const [, subscription] = all.apis.a as [Subscription, Subscription]
    subscription.dispose()
    expect([early.mock.calls.length, late.mock.calls.length]).toEqual([1, 0])
    all.close()
    expect([early.mock.calls.length, late.mock.calls.length]).toEqual([1, 1])
  })

  test('each has a store of its own, apart for each account', async () => {
    const store = memoryStore()
    const record = { version: 1, value: 'x' }
    const core = newCore()
    const contexts: PluginContext[] = []
    host([plugin('a', [], (context) => contexts.push(context))], core, store)
    const [context] = contexts as [PluginContext]
    const { store: own } = context
    await own.batch([{ key: 'k', record }])
    expect(await store.get('u@example.org/a/k')).toEqual(record)
    core.account = Jid.parse('v@example.org').bare // the server has the last word
    expect(await own.get('k')).toBeUndefined()
    await context.store.batch([{ key: 'k', record }])
    expect(await store.get('v@example.org/a/k')).toEqual(record)
  })

  test('R-031 session handlers start in the order of stages, all before the first answer; one that throws is reported', async () => {
    const core = newCore()
    const seen: unknown[] = []
    core.events.on('error', (error) => seen.push(error))
    const plugins = [
      plugin('d', [], (context) => context.onSession(() => void seen.push('rooms'), 'rooms')),
      plugin('c', [], (context) => context.onSession(() => void seen.push('archive'), 'archive')),
      plugin('b', [], (context) =>
        context.onSession(() => {
          throw 'state'
        }),
      ),
      plugin('a', [], (context) =>
        context.onSession(async () => {
          seen.push('stream')
          await new Promise((resolve) => setImmediate(resolve))
          seen.push('answer')
        }, 'stream'),
      ),
    ]
    const own = host(plugins, core)
    await own.startSession()
    expect(seen).toEqual(['stream', 'state', 'archive', 'answer'])
    await own.enterRooms()
    expect(seen.at(-1)).toBe('rooms')
  })

  test('R-029 a session of an earlier process begins here as well, but nothing was missed, and no room was left', async () => {
    const seen: string[] = []
    const stages = ['archive', 'rooms', 'state', 'stream'] as const
    const own = host([
      plugin('a', [], (context) => {
        for (const stage of stages) context.onSession((isResumed) => void seen.push(`${stage} ${isResumed}`), stage)
        context.onResume(() => void seen.push('resume'))
      }),
    ])
    await own.startSession(new Set(), true)
    expect(seen.splice(0)).toEqual(['stream true', 'state true'])
    await own.resumeSession()
    expect(seen.splice(0)).toEqual(['resume'])
    await own.startSession()
    expect(seen).toEqual(['stream false', 'state false', 'archive false'])
  })

  test('closing aborts the signal, then takes everything back in reverse order', () => {
    const order: string[] = []
    const core = newCore()
    const registered = ['a', 'b']
    vi.spyOn(core.atOnce, 'onMessage').mockImplementation(() => {
      const name = registered.shift()
      return new Subscription(() => order.push(`end ${name}`))
    })
    const setup = (name: string) => (context: PluginContext) => {
      context.signal.addEventListener('abort', () => order.push(`abort ${name}`))
      context.onMessage(() => {})
    }
    const plugins = host([plugin('a', [], setup('a')), plugin('b', ['a'], setup('b'))], core)
    plugins.close()
    plugins.close()
    expect(order).toEqual(['abort a', 'abort b', 'end b', 'end a'])
  })

  test('a setup that fails leaves nothing behind', () => {
    const core = newCore()
    let signal: AbortSignal | undefined
    const handler = vi.fn()
    const good = plugin('a', [], (context) => {
      signal = context.signal
      context.onMessage(handler)
    })
    const bad = plugin('b', [], () => expect.fail('in setup'))
    expect(() => host([good, bad], core)).toThrow('in setup')
    expect(signal?.aborted).toBe(true)
  })
})
