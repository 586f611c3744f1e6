import type { SrvRecord } from 'node:dns'
import { describe, expect, test, vi } from 'vitest'
import { discover, endpointOf } from './endpoints.js'

const record = (name: string, priority: number, weight = 0, port = 5222): SrvRecord => ({
  name,
  priority,
  weight,
  port,
})

/** Answers from lists; what is missing does not exist. */
function resolver(answers: { direct?: SrvRecord[] | string; startTls?: SrvRecord[] | string }) {
  const asked: string[] = []
  return {
    asked,
    async resolveSrv(name: string): Promise<SrvRecord[]> {
      asked.push(name)
      const answer = (name.startsWith('_xmpps-') ? answers.direct : answers.startTls) ?? 'ENOTFOUND'
      if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer })
      return answer
    },
  }
}

const found = async (answers: Parameters<typeof resolver>[0]): Promise<string[]> =>
  (await discover('example.org', resolver(answers)))
    .flat()
    .map(({ host, port, directTls }) => `${directTls ? 's' : ''}:${host}:${port}`)

describe('discover', () => {
  test('R-001 both services are asked for at once', async () => {
    const dns = resolver({})
    const answer = discover('bücher.example', dns)
    expect(dns.asked).toEqual(['_xmpps-client._tcp.xn--bcher-kva.example', '_xmpp-client._tcp.xn--bcher-kva.example'])
    expect(await answer).toEqual([[{ host: 'xn--bcher-kva.example', port: 5222, directTls: false }]])
  })

  test('R-001 R-004 one set by priority, direct TLS first where it is equal', async () => {
    const direct = [record('b', 20, 0, 443), record('a', 5, 0, 5223)]
    const startTls = [record('d', 5), record('c', 1), record('e', 30)]
    expect(await found({ direct, startTls })).toEqual([':c:5222', 's:a:5223', ':d:5222', 's:b:443', ':e:5222'])
  })

  test('R-001 RFC 2782: 10,000 draws follow the weights within 5 %', async () => {
    let state = 42
    vi.spyOn(Math, 'random').mockImplementation(() => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state / 2 ** 32
    })
    const startTls = [record('a', 0, 10), record('b', 0, 30), record('c', 0, 60), record('z', 0, 0)]
    const first: Record<string, number> = {}
    let second = 0
    for (let i = 0; i < 10_000; i++) {
      const [one, two] = await found({ startTls })
      first[one as string] = (first[one as string] ?? 0) + 1
      if (one === ':c:5222' && two === ':b:5222') second++
    }
    const share = (name: string): number => (first[`:${name}:5222`] ?? 0) / 100
    expect(share('a')).toBeCloseTo(10, -1)
    for (const [name, weight] of Object.entries({ a: 10, b: 30, c: 60 })) {
      expect(Math.abs(share(name) - weight)).toBeLessThan(weight * 0.05)
    }
    expect(share('z')).toBeLessThan(0.1)
    // Among those that are left the chance is again in proportion.
    expect(second / (first[':c:5222'] as number)).toBeGreaterThan(0.71)
    expect(second / (first[':c:5222'] as number)).toBeLessThan(0.79)
  })

  test('every record is tried once, with any luck', async () => {
    for (const luck of [0, 0.5, 1 - Number.EPSILON, 1]) {
      vi.spyOn(Math, 'random').mockReturnValue(luck)
      const startTls = [record('a', 0, 65_535), record('b', 0, 0), record('c', 0, 0)]
      expect((await found({ startTls })).sort()).toEqual([':a:5222', ':b:5222', ':c:5222'])
    }
  })

  test('R-002 the domain itself only without any record', async () => {
    expect(await found({})).toEqual([':example.org:5222'])
    expect(await found({ direct: 'ENODATA', startTls: [] })).toEqual([':example.org:5222'])
    expect(await found({ direct: [record('a', 0, 0, 443)] })).toEqual(['s:a:443'])
  })

  test('R-002 a dot means that there is no such service', async () => {
    for (const name of ['', '.']) {
      const none = [record(name, 0)]
      const error = { name: 'ConnectionError', phase: 'dns', code: 'not-found', retry: 'backoff' }
      await expect(found({ direct: none, startTls: none })).rejects.toMatchObject(error)
      await expect(found({ startTls: none })).rejects.toMatchObject(error)
      expect(await found({ direct: none, startTls: [record('a', 0)] })).toEqual([':a:5222'])
    }
  })

  test.each(['SERVFAIL', 'ETIMEOUT', 'EREFUSED'])('R-002 %s is no proof of absence', async (code) => {
    const error = { name: 'ConnectionError', phase: 'dns', code: 'unreachable', retry: 'backoff' }
    await expect(found({ direct: `E${code}` })).rejects.toMatchObject(error)
    await expect(found({ startTls: code, direct: [record('a', 0)] })).rejects.toMatchObject(error)
  })

  test.each(['127.0.0.1', '[::1]'])('DNS is not asked about the address %s', async (domain) => {
    const dns = resolver({ direct: 'ESERVFAIL' })
    expect(await discover(domain, dns)).toEqual([
      [{ host: domain.replace(/[[\]]/g, ''), port: 5222, directTls: false }],
    ])
    expect(dns.asked).toEqual([])
  })

  test('S-019 nothing but SRV is asked for', async () => {
    const dns = new Proxy(resolver({}), {
      get: (target, key) => (key === 'resolveSrv' || key === 'asked' ? target[key] : expect.fail(String(key))),
    })
    await discover('example.org', dns)
    expect(dns.asked).toHaveLength(2)
  })
})

test.each([
  ['xmpps://example.org', 'example.org', 5223, true],
  ['xmpp://example.org', 'example.org', 5222, false],
  ['xmpps://example.org:443', 'example.org', 443, true],
  ['xmpp://[::1]:5555', '::1', 5555, false],
])('endpointOf %s', (url, host, port, directTls) => {
  expect(endpointOf(new URL(url))).toEqual({ host, port, directTls })
})
