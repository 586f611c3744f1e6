import { createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { chooseTokenMechanism, hashedToken } from './hashed-token.js'
import type { ChannelBinding } from './mechanism.js'

const TOKEN = 'WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm'
const data = randomBytes(32)
const exporter: ChannelBinding = { type: 'tls-exporter', data }
const mac = (label: string, binding = Buffer.alloc(0), token = TOKEN): Buffer =>
  createHmac('sha256', token).update(label).update(binding).digest()
const attemptOf = (name = 'HT-SHA-256-NONE', binding?: ChannelBinding, token: string = TOKEN) =>
  hashedToken(name, { username: 'juliet', ht: { mechanism: name, token } }, binding)

async function begun() {
  const attempt = attemptOf()
  await attempt.initial()
  return attempt
}

describe('both directions, against node:crypto', () => {
  test.each([
    ['HT-SHA-256-NONE', undefined],
    ['HT-SHA-256-EXPR', exporter],
    ['HT-SHA-256-ENDP', { type: 'tls-server-end-point', data }],
    ['HT-SHA-256-UNIQ', { type: 'tls-unique', data }],
  ] as [string, ChannelBinding | undefined][])('%s', async (name, binding) => {
    const attempt = attemptOf(name, binding)
    const bound = binding ? data : Buffer.alloc(0)
    expect(Buffer.from((await attempt.initial())!)).toEqual(
      Buffer.concat([Buffer.from('juliet\0'), mac('Initiator', bound)]),
    )
    expect(attempt.channelBinding).toBe(binding?.type)
    await expect(attempt.success(mac('Responder', bound))).resolves.toBeUndefined()
  })

  test('the same without WebCrypto', async () => {
    vi.stubGlobal('crypto', {})
    try {
      const attempt = attemptOf('HT-SHA-256-EXPR', exporter)
      const expected = Buffer.concat([Buffer.from('juliet\0'), mac('Initiator', data)])
      expect(Buffer.from((await attempt.initial())!)).toEqual(expected)
      await attempt.success(mac('Responder', data))
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test('the proof may come as a challenge', async () => {
    const attempt = await begun()
    expect(await attempt.challenge(mac('Responder'))).toEqual(new Uint8Array())
    await attempt.success(undefined)
  })
})

describe('the server must prove itself', () => {
  test.each([
    ['S-036 no additional data', undefined],
    ['S-036 empty additional data', new Uint8Array()],
    ['our own proof sent back', mac('Initiator')],
    ['a proof over another token', mac('Responder', undefined, 'other')],
    ['a proof over another channel', mac('Responder', data)],
    ['a cut proof', mac('Responder').subarray(0, 31)],
    ['an extended proof', Buffer.concat([mac('Responder'), Buffer.alloc(1)])],
  ])('%s', async (_title, proof) => {
    const attempt = await begun()
    await expect(attempt.success(proof)).rejects.toMatchObject({ code: 'server-signature' })
    await expect(attempt.success(mac('Responder'))).rejects.toMatchObject({ code: 'malformed' })
  })

  test('a wrong proof as a challenge', async () => {
    const attempt = await begun()
    await expect(attempt.challenge(mac('Initiator'))).rejects.toMatchObject({ code: 'server-signature' })
  })

  test('a second challenge', async () => {
    const attempt = await begun()
    await attempt.challenge(mac('Responder'))
    await expect(attempt.challenge(mac('Responder'))).rejects.toMatchObject({ code: 'malformed' })
  })

  test('any changed byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(31), fc.integer({ min: 1, max: 255 }), async (at, xor) => {
        const proof = mac('Responder')
        proof[at]! ^= xor
        await expect((await begun()).success(proof)).rejects.toMatchObject({ code: 'server-signature' })
      }),
    )
  })
})

test('an empty token is refused', async () => {
  await expect(attemptOf('HT-SHA-256-NONE', undefined, '').initial()).rejects.toMatchObject({ code: 'malformed' })
})

test('the token to ask for is the one with the strongest binding', () => {
  const offered = ['HT-SHA-256-NONE', 'HT-SHA-256-ENDP', 'HT-SHA-256-EXPR', 'HT-SHA3-512-EXPR']
  const endPoint: ChannelBinding = { type: 'tls-server-end-point', data }
  expect(chooseTokenMechanism(offered, [endPoint, exporter])).toBe('HT-SHA-256-EXPR')
  expect(chooseTokenMechanism(offered, [endPoint])).toBe('HT-SHA-256-ENDP')
  expect(chooseTokenMechanism(offered, [{ ...exporter, data: new Uint8Array() }])).toBe('HT-SHA-256-NONE')
  expect(chooseTokenMechanism(['HT-SHA3-512-EXPR'], [exporter])).toBeUndefined()
})
