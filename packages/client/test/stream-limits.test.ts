import { describe, expect, test } from 'vitest'
import { NS_BIND } from '../src/elements.js'
import { bare, begin, bound, classicBind, logIn, prove, serve, success } from './modern-server.js'

describe('stream limits (XEP-0478)', () => {
  const limits = (inner: string): string => `<limits xmlns='urn:xmpp:stream-limits:0'>${inner}</limits>`
  const classic = (features: string) =>
    serve(async (peer) => {
      await peer.login()
      await peer.streamHeader()
      await peer.offer(classicBind + features)
      const request = await peer.expectRequest(NS_BIND, 'bind')
      await peer.reply(request, `<bind xmlns='${NS_BIND}'><jid>${bare}/r</jid></bind>`)
    })

  test.each([
    ['both', '<max-bytes>262144</max-bytes><idle-seconds>840</idle-seconds>', { maxBytes: 262_144, idleSeconds: 840 }],
    ['one', '<max-bytes>10000</max-bytes>', { maxBytes: 10_000, idleSeconds: undefined }],
    ['none', '', undefined],
    ['no limit', '<max-bytes>0</max-bytes>', undefined],
  ])('%s', async (_, inner, expected) => {
    await using server = await classic(limits(inner))
    await using login = await logIn(server)
    expect(login.limits).toEqual(expected)
  })

  test('those before the login are not those of the session', async () => {
    await using server = await serve(async (peer) => {
      const asking = await begin(peer, { more: limits('<max-bytes>10000</max-bytes>') })
      await peer.send(success(await prove(peer, asking), bound()))
      await peer.offer()
    })
    await using login = await logIn(server)
    expect(login.limits).toBeUndefined()
  })

  test('that cannot be read end the login', async () => {
    await using server = await classic(limits('<max-bytes>lots</max-bytes>'))
    await expect(logIn(server)).rejects.toMatchObject({ name: 'MalformedElementError' })
  })
})
