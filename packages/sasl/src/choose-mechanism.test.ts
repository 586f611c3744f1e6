import { createHash } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { ScramServer } from '../test/scram-server.js'
import { type ChooseOptions, chooseMechanism } from './choose-mechanism.js'
import type { ChannelBinding } from './mechanism.js'

const exporter: ChannelBinding = { type: 'tls-exporter', data: Uint8Array.of(1) }
const endPoint: ChannelBinding = { type: 'tls-server-end-point', data: Uint8Array.of(2) }
const unique: ChannelBinding = { type: 'tls-unique', data: Uint8Array.of(3) }
const ALL = ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-512']
const sha1 = (text: string): string => createHash('sha1').update(text).digest('base64')
const PLUS = ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS']

type Given = Omit<Partial<ChooseOptions>, 'policy'> & Partial<ChooseOptions['policy']>

function choose({ offered = ALL, offeredBindings, bindings = [], credentials, ...policy }: Given) {
  const who = credentials ?? { username: 'u', password: 'p' }
  return chooseMechanism({ offered, offeredBindings, bindings, credentials: who, policy: { secure: true, ...policy } })
}

/** `name type` and the first letter of the GS2 header, or the code of the refusal. */
async function outcome(given: Given): Promise<string> {
  try {
    const mechanism = choose(given)
    const initial = Buffer.from((await mechanism.initial())!).toString()
    const flag = mechanism.name.startsWith('SCRAM') ? ` ${initial.split(',')[0]}` : ''
    return mechanism.name + flag
  } catch (error) {
    return String((error as { code?: string }).code)
  }
}

const ht = (mechanism: string): Given => ({
  credentials: { username: 'u', password: 'p', ht: { mechanism, token: 'secret-token' } },
})

describe('choice', () => {
  const TOKENS = [...ALL, 'HT-SHA-256-NONE', 'HT-SHA-256-EXPR']
  const table: [string, Given, string][] = [
    ['-PLUS before a stronger hash', { bindings: [exporter] }, 'SCRAM-SHA-256-PLUS p=tls-exporter'],
    ['no binding data, no -PLUS', {}, 'SCRAM-SHA-512 n'],
    ['binding without data', { bindings: [{ ...exporter, data: new Uint8Array() }] }, 'SCRAM-SHA-512 n'],
    ['only -PLUS offered, no data', { offered: ['SCRAM-SHA-1-PLUS'] }, 'no-mechanism'],
    ['SHA-256 before SHA-1', { offered: ['SCRAM-SHA-1', 'SCRAM-SHA-256'] }, 'SCRAM-SHA-256 n'],
    ['S-048 no -PLUS, no types', { offered: ['SCRAM-SHA-256'], bindings: [exporter] }, 'SCRAM-SHA-256 y'],
    ['an unknown -PLUS is none', { offered: ['SCRAM-X-PLUS', 'SCRAM-SHA-1'], bindings: [exporter] }, 'SCRAM-SHA-1 y'],
    ['own order', { order: ['SCRAM-SHA-1', 'SCRAM-SHA-256'], bindings: [exporter] }, 'SCRAM-SHA-1 n'],
    ['unknown names in an order', { order: ['X-FOO', 'SCRAM-SHA-1'], offered: [...ALL, 'X-FOO'] }, 'SCRAM-SHA-1 n'],
    ['nothing offered', { offered: [] }, 'no-mechanism'],
    ['no credentials', { credentials: {} }, 'no-mechanism'],
    ['S-043 PLAIN is off by default', { offered: ['PLAIN'] }, 'no-mechanism'],
    ['PLAIN by permission', { offered: ['PLAIN'], allowPlain: true }, 'PLAIN'],
    ['PLAIN last', { offered: ['PLAIN', 'SCRAM-SHA-1'], allowPlain: true }, 'SCRAM-SHA-1 n'],
    ['PLAIN in an order without permission', { offered: ['PLAIN'], order: ['PLAIN'] }, 'no-mechanism'],
    ['S-043 PLAIN in clear', { offered: ['PLAIN'], allowPlain: true, secure: false }, 'encryption-required'],
    [
      'SCRAM instead of PLAIN in clear',
      { allowPlain: true, secure: false, order: ['PLAIN', 'SCRAM-SHA-1'] },
      'SCRAM-SHA-1 n',
    ],
    ['EXTERNAL', { offered: [...ALL, 'EXTERNAL'], credentials: { external: true, password: 'p' } }, 'EXTERNAL'],
    ['EXTERNAL not asked for', { offered: ['EXTERNAL', 'SCRAM-SHA-1'] }, 'SCRAM-SHA-1 n'],
    ['ANONYMOUS', { offered: ['ANONYMOUS', ...ALL], credentials: { anonymous: true } }, 'ANONYMOUS'],
    ['ANONYMOUS not asked for', { offered: ['ANONYMOUS'] }, 'no-mechanism'],
    ['OAUTHBEARER', { offered: [...ALL, 'OAUTHBEARER'], credentials: { token: 't', password: 'p' } }, 'OAUTHBEARER'],
    [
      'OAUTHBEARER in clear',
      { offered: ['OAUTHBEARER'], credentials: { token: 't' }, secure: false },
      'encryption-required',
    ],
    ['OAUTHBEARER without a token', { offered: ['OAUTHBEARER'] }, 'no-mechanism'],
    ['an HT token first', { ...ht('HT-SHA-256-NONE'), offered: TOKENS }, 'HT-SHA-256-NONE'],
    ['HT with binding', { ...ht('HT-SHA-256-EXPR'), offered: TOKENS, bindings: [exporter] }, 'HT-SHA-256-EXPR'],
    ['S-058 HT with binding, no data', { ...ht('HT-SHA-256-EXPR'), offered: TOKENS }, 'SCRAM-SHA-512 n'],
    [
      'S-058 another HT offered',
      { ...ht('HT-SHA-256-EXPR'), offered: ['HT-SHA-256-NONE', 'SCRAM-SHA-1'], bindings: [exporter] },
      'SCRAM-SHA-1 y',
    ],
    ['an unknown HT', { ...ht('HT-SHA3-512-NONE'), offered: ['HT-SHA3-512-NONE', 'SCRAM-SHA-1'] }, 'SCRAM-SHA-1 n'],
    [
      'HT in clear',
      {
        credentials: { username: 'u', ht: { mechanism: 'HT-SHA-256-NONE', token: 't' } },
        offered: TOKENS,
        secure: false,
      },
      'encryption-required',
    ],
  ]
  test.each(table)('%s', async (_title, given, expected) => {
    expect(await outcome(given)).toBe(expected)
  })
})

describe('channel binding (XEP-0440 §3)', () => {
  const all = [unique, endPoint, exporter]
  const table: [string, Given, string][] = [
    ['tls-exporter is preferred', { bindings: all, offeredBindings: ['tls-unique', 'tls-exporter'] }, 'p=tls-exporter'],
    [
      'then tls-server-end-point',
      { bindings: all, offeredBindings: ['tls-unique', 'tls-server-end-point'] },
      'p=tls-server-end-point',
    ],
    ['then tls-unique', { bindings: all, offeredBindings: ['x', 'tls-unique'] }, 'p=tls-unique'],
    [
      'S-051 tls-unique that the transport did not give',
      { bindings: [exporter], offeredBindings: ['tls-unique', 'tls-server-end-point'] },
      'n',
    ],
    [
      'S-052 no end point of our own, no exporter of theirs',
      { bindings: [exporter], offeredBindings: ['tls-server-end-point'] },
      'n',
    ],
    ['SASL1, no types: our best', { bindings: [unique, endPoint] }, 'p=tls-server-end-point'],
    ['S-046 SASL2, no types', { bindings: all, sasl2: true }, 'channel-binding'],
    ['S-046 SASL2, an empty list of types', { bindings: all, offeredBindings: [], sasl2: true }, 'channel-binding'],
    [
      'S-045 types, but no -PLUS, SASL2',
      { offered: ['SCRAM-SHA-1'], bindings: all, offeredBindings: ['tls-exporter'], sasl2: true },
      'channel-binding',
    ],
    [
      'S-045 types, but no -PLUS, SASL1',
      { offered: ['SCRAM-SHA-1'], bindings: all, offeredBindings: ['tls-exporter'] },
      'channel-binding',
    ],
    [
      'a client without bindings is not concerned',
      { bindings: [], offeredBindings: ['tls-exporter'], sasl2: true },
      'n',
    ],
    ['neither -PLUS nor types', { offered: ['SCRAM-SHA-1'], bindings: all, sasl2: true }, 'y'],
  ]
  test.each(table)('%s', async (_title, given, expected) => {
    const result = await outcome({ offered: PLUS, ...given })
    expect(result.split(' ').at(-1)).toBe(expected)
  })

  test('no common type and no tls-server-end-point: only with a hash of the list (XEP-0474 §7)', async () => {
    const given = { offered: PLUS, offeredBindings: ['tls-unique'], bindings: [exporter] }
    for (const [extensions, code] of [
      ['', 'channel-binding'],
      [',h=AAAA', 'downgrade'],
    ] as const) {
      const server = new ScramServer({ hash: 'SHA-1', password: 'p', extensions })
      const attempt = choose(given)
      const challenge = server.first((await attempt.initial())!)
      await expect(attempt.challenge(challenge)).rejects.toMatchObject({ code })
    }
    // SHA-1 of SCRAM-SHA-1 %x1E SCRAM-SHA-1-PLUS %x1F tls-unique
    const server = new ScramServer({ hash: 'SHA-1', password: 'p', extensions: ',h=z5wgmuBp62FmG6y7e+z7IK30ges=' })
    const attempt = choose(given)
    await attempt.success(server.final(await attempt.challenge(server.first((await attempt.initial())!))))
  })

  test('S-049 the hash covers the server’s list sorted, and none of the FAST mechanisms', async () => {
    // The list of XEP-0474 §6.3, shuffled.
    const extensions = ',h=G6k/rBLDqgOhRRaCuuatSDFkJ08='
    const binding = { 'tls-exporter': exporter.data }
    const offered = ['SCRAM-SHA-1-PLUS', 'HT-SHA-256-NONE', 'SCRAM-SHA-1']
    const offeredBindings = ['tls-server-end-point', 'tls-exporter']
    for (const [list, good] of [
      [offered, true],
      [['SCRAM-SHA-256', ...offered], false],
    ] as const) {
      const server = new ScramServer({ hash: 'SHA-1', password: 'p', extensions, bindings: binding })
      const attempt = choose({ offered: list, offeredBindings, bindings: [exporter] })
      const answer = attempt.challenge(server.first((await attempt.initial())!))
      if (good) await attempt.success(server.final(await answer))
      else await expect(answer).rejects.toMatchObject({ code: 'downgrade' })
    }
  })
})

describe('S-042 a pinned minimum', () => {
  const pinned = { minimum: 'SCRAM-SHA-256-PLUS', bindings: [exporter] }
  const table: [string, Given, string][] = [
    ['only PLAIN', { ...pinned, offered: ['PLAIN'], allowPlain: true }, 'downgrade'],
    ['the pinned one', { ...pinned, offered: ALL }, 'SCRAM-SHA-256-PLUS p=tls-exporter'],
    [
      'a refused password does not become an anonymous login',
      {
        ...pinned,
        offered: ['PLAIN', 'ANONYMOUS'],
        allowPlain: true,
        credentials: { username: 'u', password: 'p', anonymous: true },
      },
      'downgrade',
    ],
    ['any SCRAM, never PLAIN', { minimum: 'SCRAM-SHA-1', offered: ['PLAIN'], allowPlain: true }, 'downgrade'],
  ]
  test.each(table)('%s', async (_title, given, expected) => {
    expect(await outcome(given)).toBe(expected)
  })

  test.each([
    ['without a hash of the list', '', 'downgrade'],
    ['with a hash of another list', ',h=AAAA', 'downgrade'],
    // SHA-1 of `SCRAM-SHA-1`
    ['with the hash of its list', `,h=${sha1('SCRAM-SHA-1')}`, undefined],
  ])('only SCRAM-SHA-1, %s (XEP-0474)', async (_title, extensions, code) => {
    const password = vi.fn(() => 'p')
    const server = new ScramServer({ hash: 'SHA-1', password: 'p', extensions })
    const attempt = choose({ ...pinned, offered: ['SCRAM-SHA-1'], credentials: { username: 'u', password } })
    const answer = attempt.challenge(server.first((await attempt.initial())!))
    if (code === undefined) await attempt.success(server.final(await answer))
    else await expect(answer).rejects.toMatchObject({ code })
    expect(password).toHaveBeenCalledTimes(code === undefined ? 1 : 0) // no proof for who cannot prove the list
  })

  test('a minimum outside the order is the caller’s mistake', () => {
    expect(() => choose({ minimum: 'PLAIN', order: ['SCRAM-SHA-1'] })).toThrow(RangeError)
  })
})

test('an attempt goes on by the offer in truth: the same first message, another list to be proven', async () => {
  const begun = choose({ offered: ['SCRAM-SHA-1', 'X-GONE'] })
  const first = (await begun.initial())!
  const nonce = /r=(.*)$/.exec(Buffer.from(first).toString())?.[1]
  const options = { offered: ['SCRAM-SHA-1'], bindings: [], credentials: { username: 'u', password: 'p' }, nonce }
  const attempt = chooseMechanism({ ...options, policy: { secure: true } })
  expect(await attempt.initial()).toEqual(first)
  const server = new ScramServer({ hash: 'SHA-1', password: 'p', extensions: `,h=${sha1('SCRAM-SHA-1')}` })
  await attempt.success(server.final(await attempt.challenge(server.first(first))))
})

test('the refusal names what was offered, and nothing that is no mechanism name', () => {
  const offered = ['PLAIN', 'X-OTHER', 'evil\u001b[31m', 'x'.repeat(1000), ...Array(50).fill('X-MANY')]
  expect(() => choose({ offered })).toThrow(/\(PLAIN, X-OTHER(, X-MANY){18}\)$/)
})

test('S-043 a refused choice does not ask for the password', () => {
  const password = vi.fn(() => 'p')
  const given = { offered: ['PLAIN'], allowPlain: true, secure: false, credentials: { username: 'u', password } }
  expect(() => choose(given)).toThrow('nothing usable is offered (PLAIN)')
  expect(password).not.toHaveBeenCalled()
})
