import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { ScramServer } from '../test/scram-server.js'
import { webCrypto } from './crypto-backend.js'
import type { SaslMechanism } from './mechanism.js'
import { SaslError } from './sasl-error.js'
import { type ScramOptions, scram } from './scram.js'

const NONCE = 'fyko+d2lbbFgONRv9qkxdawL'
const SIGNATURE = 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ='
const CHALLENGE = `r=${NONCE}3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096`
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

/** An attempt after its initial response, on the vector of RFC 5802 §5, counting derivations. */
async function begun(more: Partial<ScramOptions> = {}, password: () => string = () => 'pencil') {
  const pbkdf2 = vi.fn(webCrypto.pbkdf2)
  const backend = { ...webCrypto, pbkdf2 }
  const attempt = scram({ username: 'user', password }, { hash: 'SHA-1', binding: 'n', nonce: NONCE, backend, ...more })
  await attempt.initial()
  return { attempt, pbkdf2 }
}

async function proven(more: Partial<ScramOptions> = {}): Promise<SaslMechanism> {
  const { attempt } = await begun(more)
  await attempt.challenge(bytes(CHALLENGE))
  return attempt
}

describe('the first server message is refused before any derivation', () => {
  const s = 's=QSXCR+Q6sek8bf92'
  const good = `r=${NONCE}x,${s}`
  test.each([
    ['S-037 a nonce that is not ours', `r=evil,${s},i=4096`, 'nonce'],
    ['S-037 a longer nonce that is not ours', `r=${'x'.repeat(64)},${s},i=4096`, 'nonce'],
    ['S-037 our nonce in the middle', `r=x${NONCE}x,${s},i=4096`, 'nonce'],
    ['S-037 our nonce in other letter case', `r=${NONCE.toUpperCase()}x,${s},i=4096`, 'nonce'],
    ['S-037 our nonce unchanged', `r=${NONCE},${s},i=4096`, 'nonce'],
    ['S-037 our nonce cut', `r=${NONCE.slice(0, -1)},${s},i=4096`, 'nonce'],
    ['S-037 an empty nonce', `r=,${s},i=4096`, 'malformed'],
    ['a nonce with a space', `r=${NONCE} x,${s},i=4096`, 'nonce'],
    ['a nonce outside ASCII', `r=${NONCE}é,${s},i=4096`, 'nonce'],
    ['S-039 i=4294967295', `${good},i=4294967295`, 'iterations'],
    ['S-039 i=2147483647', `${good},i=2147483647`, 'iterations'],
    ['i=1000001', `${good},i=1000001`, 'iterations'],
    ['i=4095', `${good},i=4095`, 'iterations'],
    ['i=1', `${good},i=1`, 'iterations'],
    ['i=0', `${good},i=0`, 'iterations'],
    ['i=-4096', `${good},i=-4096`, 'iterations'],
    ['i=+4096', `${good},i=+4096`, 'iterations'],
    ['i=04096', `${good},i=04096`, 'iterations'],
    ['i with a space', `${good},i= 4096`, 'iterations'],
    ['i=4096.0', `${good},i=4096.0`, 'iterations'],
    ['i=1e4', `${good},i=1e4`, 'iterations'],
    ['i=0x2000', `${good},i=0x2000`, 'iterations'],
    ['i in other digits', `${good},i=٤٠٩٦`, 'iterations'],
    ['an empty i', `${good},i=`, 'malformed'],
    ['no i', good, 'malformed'],
    ['S-040 m= first', `m=ext,${good},i=4096`, 'malformed'],
    ['S-040 m= last', `${good},i=4096,m=ext`, 'malformed'],
    ['S-040 r twice', `r=${NONCE}x,r=${NONCE}y,${s},i=4096`, 'malformed'],
    ['S-040 i twice', `${good},i=4096,i=8192`, 'malformed'],
    ['S-040 the order s, r, i', `${s},r=${NONCE}x,i=4096`, 'malformed'],
    ['S-040 an empty salt', `r=${NONCE}x,s=,i=4096`, 'malformed'],
    ['S-040 a salt that is no base64', `r=${NONCE}x,s=!!!!,i=4096`, 'malformed'],
    ['a salt without padding', `r=${NONCE}x,s=QQ,i=4096`, 'malformed'],
    ['a salt with a line break', `r=${NONCE}x,s=QSXC\nR+Q6,i=4096`, 'malformed'],
    ['a salt with stray bits', `r=${NONCE}x,s=QR==,i=4096`, 'malformed'],
    ['S-040 an extension without a name', `${good},i=4096,=x`, 'malformed'],
    ['a trailing comma', `${good},i=4096,`, 'malformed'],
    ['a leading space', ` ${good},i=4096`, 'malformed'],
    ['a byte order mark', `\ufeff${good},i=4096`, 'malformed'],
    ['an empty message', '', 'malformed'],
    ['more than 4,096 bytes', `${good},i=4096,x=${'x'.repeat(4096)}`, 'malformed'],
    ['an error instead', 'e=unknown-user', 'server-error'],
  ])('%s', async (_title, message, code) => {
    const password = vi.fn(() => 'pencil')
    const { attempt, pbkdf2 } = await begun({}, password)
    await expect(attempt.challenge(bytes(message))).rejects.toMatchObject({ code, mechanism: 'SCRAM-SHA-1' })
    expect(pbkdf2).not.toHaveBeenCalled()
    expect(password).not.toHaveBeenCalled()
    await expect(attempt.success(bytes(SIGNATURE))).rejects.toMatchObject({ code: 'malformed' })
  })

  test('bytes that are no UTF-8', async () => {
    const { attempt } = await begun()
    const message = Uint8Array.of(...bytes(`${good},i=4096,x=`), 0xc3, 0x28)
    await expect(attempt.challenge(message)).rejects.toMatchObject({ code: 'malformed' })
  })

  test('unknown optional extensions are accepted (RFC 5802 §5.1)', async () => {
    const { attempt } = await begun()
    await expect(attempt.challenge(bytes(`${good},i=4096,x=ü=1,y=2`))).resolves.toBeInstanceOf(Uint8Array)
  })
})

describe('the server must prove itself', () => {
  test.each([
    ['S-033 success without a signature', undefined, 'server-signature'],
    ['S-036 success with empty additional data', '', 'server-signature'],
    ['S-034 a wrong signature', 'v=wrong000', 'server-signature'],
    ['S-034 a wrong signature of the right length', 'v=rmF9pqV8S7suAoZWja4dJRkFsKA=', 'server-signature'],
    ['a cut signature', 'v=rmF9', 'server-signature'],
    ['an extended signature', `v=${Buffer.alloc(21).toString('base64')}`, 'server-signature'],
    ['an empty signature', 'v=', 'malformed'],
    ['a signature that is no base64', 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ', 'malformed'],
    ['a signature after something else', `x=1,${SIGNATURE}`, 'malformed'],
    ['a mandatory extension', `m=1,${SIGNATURE}`, 'malformed'],
    ['an error', 'e=invalid-proof', 'server-error'],
  ])('%s, with success', async (_title, data, code) => {
    const attempt = await proven()
    const sent = data === undefined ? undefined : bytes(data)
    await expect(attempt.success(sent)).rejects.toMatchObject({ code })
    await expect(attempt.success(bytes(SIGNATURE))).rejects.toMatchObject({ code: 'malformed' })
  })

  test.each([
    ['a wrong signature', 'v=rmF9pqV8S7suAoZWja4dJRkFsKA=', 'server-signature'],
    ['nothing', '', 'malformed'],
    ['an error', 'e=invalid-proof', 'server-error'],
    ['the first challenge again', CHALLENGE, 'malformed'],
  ])('%s, as the last challenge', async (_title, data, code) => {
    const attempt = await proven()
    await expect(attempt.challenge(bytes(data))).rejects.toMatchObject({ code })
    await expect(attempt.success(undefined)).rejects.toMatchObject({ code: 'malformed' })
  })

  test('the error value is bounded and printable', async () => {
    const attempt = await proven()
    const failure = attempt.success(bytes(`e=no\u001b[31m way\n${'x'.repeat(500)}`))
    await expect(failure).rejects.toMatchObject({ condition: expect.stringMatching(/^no\[31mwayx{40,64}$/) })
  })

  test('S-033 success right after the initial response', async () => {
    const { attempt } = await begun()
    await expect(attempt.success(undefined)).rejects.toMatchObject({ code: 'server-signature' })
  })

  test('a signature right after the initial response', async () => {
    const { attempt } = await begun()
    await expect(attempt.success(bytes(SIGNATURE))).rejects.toMatchObject({ code: 'server-signature' })
  })

  test('a good signature passes: the refusals above are not for another reason', async () => {
    await expect((await proven()).success(bytes(SIGNATURE))).resolves.toBeUndefined()
  })
})

describe('messages out of order', () => {
  test('a challenge before the initial response', async () => {
    const attempt = scram({ username: 'u', password: 'p' }, { hash: 'SHA-1', binding: 'n', nonce: NONCE })
    await expect(attempt.challenge(bytes(CHALLENGE))).rejects.toMatchObject({ code: 'malformed' })
    await expect(attempt.initial()).rejects.toMatchObject({ code: 'malformed' })
  })

  test('success before the initial response', async () => {
    const attempt = scram({ username: 'u', password: 'p' }, { hash: 'SHA-1', binding: 'n' })
    await expect(attempt.success(undefined)).rejects.toMatchObject({ code: 'malformed' })
  })

  test('a second initial response', async () => {
    const { attempt } = await begun()
    await expect(attempt.initial()).rejects.toMatchObject({ code: 'malformed' })
  })

  test('a challenge after the signature was verified', async () => {
    const attempt = await proven()
    await attempt.challenge(bytes(SIGNATURE))
    await expect(attempt.challenge(bytes(SIGNATURE))).rejects.toMatchObject({ code: 'malformed' })
    await expect(attempt.success(undefined)).rejects.toMatchObject({ code: 'malformed' })
  })

  test('S-055 a challenge and a second success after completion', async () => {
    const attempt = await proven()
    await attempt.success(bytes(SIGNATURE))
    await expect(attempt.challenge(bytes(CHALLENGE))).rejects.toMatchObject({ code: 'malformed' })
    await expect(attempt.success(bytes(SIGNATURE))).rejects.toMatchObject({ code: 'malformed' })
  })

  test('additional data after the signature was verified as a challenge', async () => {
    const attempt = await proven()
    await attempt.challenge(bytes(SIGNATURE))
    await expect(attempt.success(bytes(SIGNATURE))).rejects.toMatchObject({ code: 'malformed' })
  })

  test('two challenges at once: neither is answered', async () => {
    const { attempt } = await begun()
    const both = await Promise.allSettled([attempt.challenge(bytes(CHALLENGE)), attempt.challenge(bytes(CHALLENGE))])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  test('success while the challenge is still being answered', async () => {
    const { attempt } = await begun()
    const answer = attempt.challenge(bytes(CHALLENGE))
    await expect(attempt.success(undefined)).rejects.toMatchObject({ code: 'malformed' })
    await expect(answer).rejects.toMatchObject({ code: 'malformed' })
  })

  test('abort() ends a running derivation and everything after it', async () => {
    const { attempt } = await begun()
    const answer = attempt.challenge(bytes(CHALLENGE))
    attempt.abort()
    await expect(answer).rejects.toMatchObject({ code: 'aborted' })
    await expect(attempt.success(bytes(SIGNATURE))).rejects.toMatchObject({ code: 'aborted' })
  })

  test('what a password callback throws is passed on, and ends the attempt', async () => {
    const { attempt } = await begun({}, () => {
      throw new Error('keychain locked')
    })
    await expect(attempt.challenge(bytes(CHALLENGE))).rejects.toThrow('keychain locked')
    await expect(attempt.success(bytes(SIGNATURE))).rejects.toMatchObject({ code: 'malformed' })
  })
})

describe('S-049 the hash over the advertised list (XEP-0474)', () => {
  // The example of XEP-0474 §6.3, both orders of the lists as its features have them.
  const advertised = 'SCRAM-SHA-1\x1eSCRAM-SHA-1-PLUS\x1ftls-exporter\x1etls-server-end-point'
  const nonce = '12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6'
  const list = 'h=G6k/rBLDqgOhRRaCuuatSDFkJ08='
  const first = `r=${nonce}a09117a6-ac50-4f2f-93f1-93799c2bddf6,s=QSXCR+Q6sek8bf92,i=4096`

  test('the example of the specification matches', async () => {
    const { attempt } = await begun({ nonce, advertised })
    await expect(attempt.challenge(bytes(`${first},${list}`))).resolves.toBeInstanceOf(Uint8Array)
  })

  test('another list is a downgrade', async () => {
    const { attempt, pbkdf2 } = await begun({ nonce, advertised: advertised.replace('SCRAM-SHA-1\x1e', '') })
    await expect(attempt.challenge(bytes(`${first},${list}`))).rejects.toMatchObject({ code: 'downgrade' })
    expect(pbkdf2).not.toHaveBeenCalled()
  })

  test('no hash is fine, unless the lists of binding types had nothing in common', async () => {
    const plain = await begun({ nonce, advertised })
    await expect(plain.attempt.challenge(bytes(first))).resolves.toBeInstanceOf(Uint8Array)
    const { attempt } = await begun({ nonce, advertised, listHashRequired: 'channel-binding' })
    await expect(attempt.challenge(bytes(first))).rejects.toMatchObject({ code: 'channel-binding' })
  })

  test('two hashes are malformed', async () => {
    const { attempt } = await begun({ nonce, advertised })
    await expect(attempt.challenge(bytes(`${first},${list},${list}`))).rejects.toMatchObject({ code: 'malformed' })
  })
})

describe('any change of one byte of what the server says ends without success', () => {
  // The server signs any answer: it is the client alone that must notice.
  const change = fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }) })
  const mutate = (message: Uint8Array, { at, xor }: { at: number; xor: number }): Uint8Array =>
    message.map((byte, i) => (i === at % message.length ? byte ^ xor : byte))

  async function run(alter: (message: Uint8Array, step: 'first' | 'final') => Uint8Array): Promise<void> {
    const server = new ScramServer({ hash: 'SHA-256', password: 'p', gullible: true, extensions: ',x=1' })
    const attempt = scram({ username: 'u', password: 'p' }, { hash: 'SHA-256', binding: 'n' })
    const answer = await attempt.challenge(alter(server.first((await attempt.initial())!), 'first'))
    await attempt.success(alter(server.final(answer), 'final'))
  }

  test('nothing changed is success', async () => {
    await expect(run((message) => message)).resolves.toBeUndefined()
  })

  test('first message', async () => {
    await fc.assert(
      fc.asyncProperty(change, async (mutation) => {
        await expect(
          run((message, step) => (step === 'first' ? mutate(message, mutation) : message)),
        ).rejects.toBeInstanceOf(SaslError)
      }),
      { numRuns: 150 },
    )
  })

  test('final message', async () => {
    await fc.assert(
      fc.asyncProperty(change, async (mutation) => {
        await expect(
          run((message, step) => (step === 'final' ? mutate(message, mutation) : message)),
        ).rejects.toBeInstanceOf(SaslError)
      }),
      { numRuns: 150 },
    )
  })
})
