import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { chooseMechanism } from './choose-mechanism.js'
import type { Credentials } from './credentials.js'
import { saslprep } from './saslprep.js'
import { plain } from './single-message.js'

const read = (name: string): string =>
  readFileSync(new URL(`../../../test-vectors/sasl/${name}.json`, import.meta.url), 'utf8')
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const one = (mechanism: string, credentials: Credentials) =>
  chooseMechanism({ offered: [mechanism], bindings: [], credentials, policy: { secure: true, allowPlain: true } })

interface Message {
  readonly source: string
  readonly mechanism: string
  readonly credentials: Credentials
  readonly message: string
}

test.each(JSON.parse(read('messages')) as Message[])('$mechanism: $source', async (vector) => {
  const attempt = one(vector.mechanism, vector.credentials)
  expect(Buffer.from((await attempt.initial())!).toString()).toBe(vector.message)
  await attempt.success(undefined)
})

describe.each([
  ['PLAIN', { username: 'u', password: 'p' }],
  ['EXTERNAL', { external: true }],
  ['ANONYMOUS', { anonymous: true }],
] as const)('%s', (mechanism, credentials) => {
  test('a challenge is malformed, and success no longer possible', async () => {
    const attempt = one(mechanism, credentials)
    await attempt.initial()
    await expect(attempt.challenge(new Uint8Array())).rejects.toMatchObject({ code: 'malformed' })
    await expect(attempt.success(undefined)).rejects.toMatchObject({ code: 'malformed' })
  })

  test('additional data with success is malformed', async () => {
    const attempt = one(mechanism, credentials)
    await attempt.initial()
    await expect(attempt.success(bytes('v=1'))).rejects.toMatchObject({ code: 'malformed' })
  })
})

describe('PLAIN refuses what would shift its fields', () => {
  test.each([
    { username: 'a\0b', password: 'p' },
    { username: 'a', password: 'p\0q' },
    { username: 'a', password: 'p', authzid: 'x\0y' },
    { username: '', password: 'p' },
    { username: 'a', password: '' },
  ])('%j', async (credentials) => {
    await expect(plain(credentials).initial()).rejects.toMatchObject({ code: 'malformed', mechanism: 'PLAIN' })
  })
})

describe('SASLprep', () => {
  interface Example {
    readonly source: string
    readonly input: string
    readonly output?: string
  }
  test.each(JSON.parse(read('saslprep')) as Example[])('$source', async ({ input, output }) => {
    const prepared = saslprep(input, 'the password', 'X', true)
    if (output === undefined) await expect(prepared).rejects.toMatchObject({ code: 'malformed' })
    else expect(await prepared).toBe(output)
  })

  test.each([
    ['nothing', ''],
    ['only what is mapped to nothing', '\u00ad'],
    ['a control character in ASCII', 'a\u007f'],
    ['a line break', 'a\nb'],
    ['a control character beside others', 'ä\0'],
    ['a lone surrogate', 'a\ud800'],
    ['private use', '\ue000'],
    ['unassigned in Unicode 3.2', '\u{1f600}'],
  ])('refuses %s', async (_title, input) => {
    await expect(saslprep(input, 'the password', 'X', true)).rejects.toMatchObject({ code: 'malformed' })
  })

  test('a space that is not ASCII becomes one that is', async () => {
    expect(await saslprep('a\u00a0b', 'the password', 'X')).toBe('a b')
  })

  test('printable ASCII is untouched', async () => {
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
    expect(await saslprep(printable, 'the password', 'X')).toBe(printable)
  })
})
