import { describe, expect, test } from 'vitest'
import { oauthBearer } from './oauthbearer.js'

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

async function begun() {
  const attempt = oauthBearer({ token: async () => 'abc.def~123' })
  await attempt.initial()
  return attempt
}

test('the error of RFC 7628 §4.3 is answered with %x01 and kept for the failure that follows', async () => {
  const attempt = await begun()
  const error = '{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well"}'
  expect(attempt.serverError).toBeUndefined()
  expect(await attempt.challenge(bytes(error))).toEqual(Uint8Array.of(1))
  const expected = { code: 'server-error', condition: 'invalid_token', mechanism: 'OAUTHBEARER' }
  expect(attempt.serverError).toMatchObject(expected)
  await expect(attempt.success(undefined)).rejects.toMatchObject(expected)
})

test('a second error challenge ends the attempt', async () => {
  const attempt = await begun()
  await attempt.challenge(bytes('{"status":"invalid_token"}'))
  await expect(attempt.challenge(bytes('{"status":"invalid_token"}'))).rejects.toMatchObject({ code: 'server-error' })
})

test('the status is bounded and printable', async () => {
  const attempt = await begun()
  await attempt.challenge(bytes(JSON.stringify({ status: `a\u001b b${'x'.repeat(500)}` })))
  expect(attempt.serverError?.condition).toMatch(/^abx{40,64}$/)
})

test.each(['', 'null', '[]', '{}', '{"status":401}', '{"status":', '"x"', `{"status":"${'x'.repeat(5000)}"}`])(
  'an unreadable error challenge is malformed: %s',
  async (challenge) => {
    const attempt = await begun()
    await expect(attempt.challenge(bytes(challenge))).rejects.toMatchObject({ code: 'malformed' })
  },
)

test('additional data with success is malformed', async () => {
  const attempt = await begun()
  await expect(attempt.success(bytes('x'))).rejects.toMatchObject({ code: 'malformed' })
})

describe('tokens that would add fields of their own are refused', () => {
  test.each(['', 'a\x01host=evil', 'a b', 'a\n', 'ü', '=', 'a,b'])('%j', async (token) => {
    await expect(oauthBearer({ token }).initial()).rejects.toMatchObject({ code: 'malformed' })
  })
})

test('the authorization identity is escaped', async () => {
  const initial = await oauthBearer({ token: 't', authzid: 'a,b=c' }).initial()
  expect(Buffer.from(initial!).toString()).toBe('n,a=a=2Cb=3Dc,\x01auth=Bearer t\x01\x01')
})
