import { getEventListeners } from 'node:events'
import { ConnectionError } from '@couplet/client'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { addressLookup } from './addresses.js'
import type { Endpoint } from './endpoints.js'
import { race } from './race.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const after = <T>(ms: number, value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), ms))

/** What a name server knows about a host: addresses by family, and after how many milliseconds. */
type Answers = Readonly<Record<string, { 6?: readonly [number, ...string[]]; 4?: readonly [number, ...string[]] }>>

/** What comes of an address: success or an error, after how many milliseconds; without any it is a black hole. */
type Fates = Readonly<Record<string, readonly [number, Error?]>>

const hosts = (...names: readonly string[]): readonly Endpoint[] =>
  names.map((name) => ({ host: name.replace('s:', ''), port: 5222, directTls: name.startsWith('s:') }))

/** Runs a race in virtual time, and notes what happens when. */
function run(endpoints: readonly Endpoint[], answers: Answers, fates: Fates, controller = new AbortController()) {
  const began = Date.now()
  const log: string[] = []
  const ended: string[] = []
  const discarded: string[] = []
  const failures: string[] = []
  const outcome = race<string>({
    endpoints,
    signal: controller.signal,
    discard: (loser) => void discarded.push(loser),
    failed: ({ host }, error) => void failures.push(`${host} ${(error as ConnectionError).code}`),
    async lookup(host, family) {
      const [ms, ...addresses] = answers[host]?.[family] ?? [0]
      await after(ms, undefined)
      if (addresses.length === 0) throw new ConnectionError('dns', 'not-found', 'none')
      return addresses
    },
    async attempt({ host }, address, signal) {
      log.push(`${Date.now() - began} ${host} ${address}`)
      signal.addEventListener('abort', () => ended.push(address), { once: true })
      const [ms, error] = fates[address] ?? [1e9]
      await after(ms, undefined)
      if (error) throw error
      return address
    },
  })
  outcome.catch(() => {})
  return { outcome, log, ended, discarded, failures, controller, since: () => Date.now() - began }
}

const refused = (): Error => new ConnectionError('tcp', 'refused', 'x')
const failed = (): Error => new ConnectionError('tls', 'certificate-name', 'x')

describe('R-003 race', () => {
  test('the first address is a black hole: the second is tried after 250 ms, and the loser is ended', async () => {
    const answers: Answers = { a: { 6: [1, '2001:db8::a'], 4: [1, '192.0.2.1'] }, b: { 6: [1, '2001:db8::b'] } }
    const it = run(hosts('a', 'b'), answers, { '192.0.2.1': [20] })
    await vi.advanceTimersByTimeAsync(270)
    expect(it.since()).toBe(270)
    await vi.advanceTimersByTimeAsync(1)
    await expect(it.outcome).resolves.toBe('192.0.2.1')
    expect(it.log).toEqual(['1 a 2001:db8::a', '251 a 192.0.2.1'])
    expect(it.ended).toContain('2001:db8::a')
  })

  test('an attempt that fails is followed by the next one at once', async () => {
    const answers: Answers = { a: { 6: [0, '2001:db8::a'], 4: [0, '192.0.2.1'] }, b: { 4: [0, '192.0.2.2'] } }
    const it = run(hosts('a', 'b'), answers, {
      '2001:db8::a': [5, refused()],
      '192.0.2.1': [5, refused()],
      '192.0.2.2': [5],
    })
    await vi.advanceTimersByTimeAsync(15)
    await expect(it.outcome).resolves.toBe('192.0.2.2')
    expect(it.log).toEqual(['0 a 2001:db8::a', '5 a 192.0.2.1', '10 b 192.0.2.2'])
  })

  test('an earlier attempt that fails does not shorten the delay of a later one', async () => {
    const answers: Answers = { a: { 4: [0, '192.0.2.1', '192.0.2.2', '192.0.2.3'] } }
    const it = run(hosts('a'), answers, { '192.0.2.1': [300, refused()], '192.0.2.3': [1] })
    await vi.advanceTimersByTimeAsync(600)
    expect(it.log).toEqual(['0 a 192.0.2.1', '250 a 192.0.2.2', '500 a 192.0.2.3'])
    await it.outcome
  })

  test('families take turns, IPv6 first; the next host comes after', async () => {
    const answers: Answers = {
      a: { 6: [0, '2001:db8::1', '2001:db8::2'], 4: [0, '192.0.2.1', '192.0.2.2', '192.0.2.1'] },
      b: { 6: [0, '2001:db8::b'] },
    }
    const it = run(hosts('a', 'b'), answers, {})
    await vi.advanceTimersByTimeAsync(1100)
    const order = it.log.map((line) => line.split(' ')[2])
    expect(order).toEqual(['2001:db8::1', '192.0.2.1', '2001:db8::2', '192.0.2.2', '2001:db8::b'])
    it.controller.abort('enough')
  })

  test.each<[string, Answers, string]>([
    ['AAAA within 50 ms goes first', { a: { 6: [49, '2001:db8::a'], 4: [0, '192.0.2.1'] } }, '49 a 2001:db8::a'],
    ['A goes first after 50 ms', { a: { 6: [51, '2001:db8::a'], 4: [0, '192.0.2.1'] } }, '50 a 192.0.2.1'],
    ['A that comes late is not waited for', { a: { 6: [0, '2001:db8::a'], 4: [9, '192.0.2.1'] } }, '0 a 2001:db8::a'],
    ['without AAAA, A goes at once', { a: { 6: [7], 4: [0, '192.0.2.1'] } }, '7 a 192.0.2.1'],
    [
      'the first host within 50 ms goes first',
      { a: { 4: [40, '192.0.2.1'] }, b: { 4: [0, '192.0.2.2'] } },
      '40 a 192.0.2.1',
    ],
    ['a later host after 50 ms', { a: { 4: [60, '192.0.2.1'] }, b: { 4: [0, '192.0.2.2'] } }, '50 b 192.0.2.2'],
    ['a host without addresses is not waited for', { a: {}, b: { 4: [0, '192.0.2.2'] } }, '0 b 192.0.2.2'],
  ])('RFC 8305 §3 %s', async (_, answers, expected) => {
    const it = run(hosts('a', 'b'), answers, {})
    await vi.advanceTimersByTimeAsync(200)
    expect(it.log).toEqual([expected])
    it.controller.abort('enough')
  })

  test('a second winner is discarded', async () => {
    const answers: Answers = { a: { 4: [0, '192.0.2.1', '192.0.2.2'] } }
    const it = run(hosts('a'), answers, { '192.0.2.1': [260], '192.0.2.2': [10] })
    await vi.advanceTimersByTimeAsync(1000)
    await expect(it.outcome).resolves.toBe('192.0.2.1')
    expect(it.discarded).toEqual(['192.0.2.2'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('when all fail, the error is about the first host, from where it got furthest', async () => {
    const answers: Answers = { a: { 6: [0, '2001:db8::a'], 4: [0, '192.0.2.1'] }, b: { 4: [0, '192.0.2.2'] } }
    const it = run(hosts('a', 'b'), answers, {
      '2001:db8::a': [1, refused()],
      '192.0.2.1': [1, failed()],
      '192.0.2.2': [1, new ConnectionError('tls', 'timeout', 'x')],
    })
    await vi.advanceTimersByTimeAsync(3)
    await expect(it.outcome).rejects.toMatchObject({ code: 'certificate-name' })
    expect(it.failures).toEqual(['a certificate-name', 'b timeout'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('who has failed when another one wins is told, but not who merely came second', async () => {
    const answers: Answers = {
      a: {},
      b: { 4: [0, '192.0.2.1'] },
      c: { 4: [0, '192.0.2.2'] },
      d: { 4: [0, '192.0.2.3'] },
    }
    const fates: Fates = { '192.0.2.1': [1, refused()], '192.0.2.3': [5] }
    const it = run(hosts('a', 'b', 'c', 'd'), answers, fates)
    await vi.advanceTimersByTimeAsync(300)
    await expect(it.outcome).resolves.toBe('192.0.2.3')
    expect(it.failures).toEqual(['a not-found', 'b refused'])
  })

  test('no host has an address', async () => {
    const it = run(hosts('a', 'b'), {}, {})
    await vi.advanceTimersByTimeAsync(0)
    await expect(it.outcome).rejects.toMatchObject({ phase: 'dns', code: 'not-found' })
  })

  test('S-031 STARTTLS that answers in 1 ms loses to direct TLS that takes 100 ms: it is never tried', async () => {
    const answers: Answers = { tls: { 4: [0, '192.0.2.1'] }, plain: { 4: [0, '192.0.2.2'] } }
    const it = run(hosts('s:tls', 'plain'), answers, { '192.0.2.1': [100], '192.0.2.2': [1] })
    await vi.advanceTimersByTimeAsync(100)
    await expect(it.outcome).resolves.toBe('192.0.2.1')
    await vi.advanceTimersByTimeAsync(1000)
    expect(it.log).toEqual(['0 tls 192.0.2.1'])
  })

  test('R-007 an abort ends everything at once', async () => {
    const answers: Answers = { a: { 4: [0, '192.0.2.1', '192.0.2.2'], 6: [1000] } }
    const it = run(hosts('a'), answers, {})
    await vi.advanceTimersByTimeAsync(400)
    it.controller.abort('enough')
    await expect(it.outcome).rejects.toBe('enough')
    expect(it.ended).toEqual(['192.0.2.1', '192.0.2.2'])
    expect(getEventListeners(it.controller.signal, 'abort')).toEqual([])
    const late = run(hosts('a'), answers, {}, it.controller)
    await expect(late.outcome).rejects.toBe('enough')
    expect(late.log).toEqual([])
  })
})

describe('addressLookup', () => {
  const { signal } = new AbortController()
  type Lookup = Parameters<typeof addressLookup>[0]

  test('asks for all addresses of a family, and each question once', async () => {
    const system = vi.fn<Lookup>((_host, { family }, callback) => callback(null, [{ address: `${family}`, family: 4 }]))
    const lookup = addressLookup(system, 3000)
    expect(await Promise.all([lookup('a', 6, signal), lookup('a', 4, signal), lookup('a', 4, signal)])).toEqual([
      ['6'],
      ['4'],
      ['4'],
    ])
    expect(system.mock.calls.map(([host, options]) => [host, options])).toEqual([
      ['a', { all: true, family: 6 }],
      ['a', { all: true, family: 4 }],
    ])
  })

  test('one that calls back with a single address', async () => {
    const lookup = addressLookup((_host, _options, callback) => callback(null, '192.0.2.1', 4), 3000)
    expect(await lookup('a', 4, signal)).toEqual(['192.0.2.1'])
  })

  test('an address is not asked for', async () => {
    const lookup = addressLookup(() => expect.fail(), 3000)
    expect(await lookup('192.0.2.1', 4, signal)).toEqual(['192.0.2.1'])
    expect(await lookup('192.0.2.1', 6, signal)).toEqual([])
    expect(await lookup('::1', 6, signal)).toEqual(['::1'])
  })

  test.each([
    ['ENOTFOUND', 'not-found'],
    ['ESERVFAIL', 'unreachable'],
  ])('%s is %s', async (code, expected) => {
    const lookup = addressLookup(
      (_host, _options, callback) => callback(Object.assign(new Error(), { code }), ''),
      3000,
    )
    await expect(lookup('a', 4, signal)).rejects.toMatchObject({ phase: 'dns', code: expected })
  })

  test('one that throws has failed', async () => {
    const lookup = addressLookup(() => {
      throw new Error('no')
    }, 3000)
    await expect(lookup('a', 4, signal)).rejects.toMatchObject({ phase: 'dns', code: 'unreachable' })
  })

  test('R-006 an answer gets three seconds', async () => {
    const verdict = expect(addressLookup(() => {}, 3000)('a', 4, signal)).rejects.toMatchObject({ code: 'timeout' })
    await vi.advanceTimersByTimeAsync(3000)
    await verdict
    expect(vi.getTimerCount()).toBe(0)
  })
})
