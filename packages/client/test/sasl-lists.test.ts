import { createHash } from 'node:crypto'
import type { ScriptedPeer } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { NS_SASL, NS_SASL_CB } from '../src/elements.js'
import { base64, logIn, serve, unbase64 } from './modern-server.js'
import { letGo, password } from './victim.js'

const salt = base64('saltsaltsaltsalt')
const hash = (list: string): string => createHash('sha256').update(list).digest('base64')

/** Offers mechanisms in the profile of RFC 6120, and channel-binding types beside it. */
async function offer(peer: ScriptedPeer, mechanisms: readonly string[], types?: readonly string[]): Promise<void> {
  const list = mechanisms.map((name) => `<mechanism>${name}</mechanism>`).join('')
  const bindings = types?.map((type) => `<channel-binding type='${type}'/>`).join('')
  await peer.streamHeader()
  await peer.offer(
    `<mechanisms xmlns='${NS_SASL}'>${list}</mechanisms>` +
      (bindings === undefined ? '' : `<sasl-channel-binding xmlns='${NS_SASL_CB}'>${bindings}</sasl-channel-binding>`),
  )
}

describe('the classic profile: lists that were tampered with', () => {
  test('S-045 types without -PLUS', async () => {
    await using server = await serve(async (peer) => {
      await offer(peer, ['SCRAM-SHA-256'], ['tls-exporter'])
      await letGo(peer)
    }, 'tls')
    await expect(logIn(server)).rejects.toMatchObject({ name: 'AuthenticationError', code: 'channel-binding' })
    expect(server.peers[0]?.received).not.toContain('<auth')
  })

  test('S-046 -PLUS without types: our best is used, since there was no XEP-0440 then', async () => {
    await using server = await serve(async (peer) => {
      await offer(peer, ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'])
      const [, initial = ''] = await peer.expect(/<auth [^>]*SCRAM-SHA-256-PLUS[^>]*>([^<]*)</)
      expect(unbase64(initial)).toMatch(/^p=tls-exporter,,n=/)
      await peer.send(`<failure xmlns='${NS_SASL}'><not-authorized/></failure>`)
    }, 'tls')
    await expect(logIn(server)).rejects.toMatchObject({ code: 'not-authorized' })
  })

  test.each([
    [
      'S-049 a hash of another list',
      (nonce: string) => `r=${nonce}x,s=${salt},i=4096,h=${hash('SCRAM-SHA-512')}`,
      'downgrade',
    ],
    ['S-040 a mandatory extension', (nonce: string) => `m=ext,r=${nonce}x,s=${salt},i=4096`, 'malformed'],
    ['S-040 twice the nonce', (nonce: string) => `r=${nonce}x,r=${nonce}x,s=${salt},i=4096`, 'malformed'],
    ['S-040 another order', (nonce: string) => `s=${salt},r=${nonce}x,i=4096`, 'malformed'],
    ['S-040 no salt', (nonce: string) => `r=${nonce}x,s=,i=4096`, 'malformed'],
    ['S-040 a salt that is no base64', (nonce: string) => `r=${nonce}x,s=%%%,i=4096`, 'malformed'],
  ])('%s: aborted, and the password is not asked for', async (_, first, code) => {
    const fetch = vi.fn(() => password)
    await using server = await serve(async (peer) => {
      await offer(peer, ['SCRAM-SHA-256'])
      const [, initial = ''] = await peer.expect(/<auth [^>]*>([^<]*)</)
      const nonce = /r=(.*)$/.exec(unbase64(initial))?.[1] ?? ''
      await peer.send(`<challenge xmlns='${NS_SASL}'>${base64(first(nonce))}</challenge>`)
    })
    await expect(logIn(server, { credentials: { password: fetch } })).rejects.toMatchObject({ code, retry: 'user' })
    expect(server.peers[0]?.received).toContain(`<abort xmlns='${NS_SASL}'/>`)
    expect(server.peers[0]?.received).not.toContain('<response')
    expect(fetch).not.toHaveBeenCalled()
  })
})
