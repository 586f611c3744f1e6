import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { bosh, type HttpFetch } from '@couplet/bosh'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import type { LabServer } from '../../src/lab-server.js'
import { sharedLab } from '../../src/shared-lab.js'
import { messagesOf } from './message-list.js'
import { newClient, openClient, statesOf } from './open-client.js'
import { liveTarget } from './targets.js'

/** Only live servers speak BOSH. */
const servers = sharedLab().servers.map((server) => ({ server, title: liveTarget(server).title }))

/** Options of a client over BOSH. */
const overBosh = ({ ca, ip, ports, boshPath }: LabServer) => ({
  transports: [bosh({ ca })],
  service: `https://${ip}:${ports.https}${boshPath}`,
})

/** `fetch` that trusts the lab and finds its server; host-meta is asked for at a port where it does not listen. */
const labFetch =
  ({ ca, ip, ports, domain }: LabServer, asked: string[]): HttpFetch =>
  (url, { method = 'GET', headers, body, signal }) =>
    new Promise((resolve, reject) => {
      asked.push(url)
      const { host, pathname } = new URL(url)
      const address = { host: ip, port: ports.https, path: pathname, servername: domain, ca, signal }
      const outgoing = request({ ...address, method, headers: { ...headers, host } }, (answer) => {
        text(answer).then((content) => resolve(new Response(content, { status: answer.statusCode ?? 500 })), reject)
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })

describe.each(servers)('BOSH to $title', ({ server }) => {
  const target = liveTarget(server)
  const options = overBosh(server)

  test('login, messages both ways, stop', async () => {
    const [romeo, juliet] = await Promise.all([openClient(target, options), openClient(target)])
    const [hers, his] = [messagesOf(juliet), messagesOf(romeo)]
    await romeo.send(message({ to: juliet.jid, type: 'chat', body: 'O, wilt thou leave me so unsatisfied?' })).acked
    await hers.until(1)
    await juliet.send(message({ to: romeo.jid, type: 'chat', body: 'What satisfaction canst thou have?' })).acked
    const [reply] = await his.until(1)
    expect(reply?.body).toBe('What satisfaction canst thou have?')
    const states = statesOf(romeo)
    await romeo.close()
    expect(states).toEqual(['offline'])
  })

  test('100 messages each way, at the same time, in order', async () => {
    const [romeo, juliet] = await Promise.all([openClient(target, options), openClient(target, options)])
    const [hers, his] = [messagesOf(juliet), messagesOf(romeo)]
    const texts = Array.from({ length: 100 }, (_, i) => `${i} \u{1F339} <&>`)
    for (const body of texts) {
      romeo.send(message({ to: juliet.jid, type: 'chat', body }))
      juliet.send(message({ to: romeo.jid, type: 'chat', body }))
    }
    const received = await Promise.all([hers.until(100), his.until(100)])
    for (const list of received) expect(list.map(({ body }) => body)).toEqual(texts)
  })

  test('polling, where nothing may be held', async () => {
    const transports = [bosh({ ca: server.ca, hold: 0 })]
    const [romeo, juliet] = await Promise.all([openClient(target, { ...options, transports }), openClient(target)])
    const his = messagesOf(romeo)
    await juliet.send(message({ to: romeo.jid, type: 'chat', body: 'here' })).acked
    expect((await his.until(1))[0]?.body).toBe('here')
    await romeo.close()
  })

  test('a wrong password', async () => {
    const { jid } = await target.createUser()
    const client = await newClient(target, { ...options, account: { jid, password: 'not this one' } })
    await expect(client.online()).rejects.toMatchObject({ name: 'AuthenticationError', condition: 'not-authorized' })
  })

  test('the server ends the session', async () => {
    const client = await openClient(target, options)
    const offline = new Promise((resolve) => client.on('status', resolve))
    await target.kick(client.jid.toString())
    const condition = target.kickIsConflict ? { name: 'StreamError', condition: 'conflict' } : { code: 'closed' }
    expect(await offline).toMatchObject({ state: 'offline', error: condition })
  })

  test('a host that the server does not serve', async () => {
    const account = { jid: 'somebody@unknown.test', password: 'whatever' }
    const client = await newClient(target, { ...options, account })
    const condition = server.kind === 'prosody' ? 'improper-addressing' : 'internal-server-error'
    await expect(client.online()).rejects.toMatchObject({ name: 'StreamError', condition })
  })

  test('a path that nobody serves, and an authority that is not trusted', async () => {
    const elsewhere = await newClient(target, { ...options, service: `${options.service}/nothing/here` })
    await expect(elsewhere.online()).rejects.toMatchObject({ name: 'ConnectionError' })
    const strict = await newClient(target, { ...options, transports: [bosh()] })
    await expect(strict.online()).rejects.toMatchObject({ name: 'ConnectionError' })
  })
})

const announcing = servers.filter(({ server }) => server.features.includes('host-meta'))

test.each(announcing)('BOSH to $title, found by host-meta', async ({ server }) => {
  const { domain, ip, ports, boshPath } = server
  const asked: string[] = []
  const transports = [bosh({ fetch: labFetch(server, asked) })]
  const client = await openClient(liveTarget(server), { scheme: 'discover', transports })
  expect(client.status.state).toBe('online')
  const host = server.kind === 'prosody' ? ip : domain
  expect(asked.slice(0, 2)).toEqual([
    `https://${domain}/.well-known/host-meta.json`,
    `https://${host}:${ports.https}${boshPath}`,
  ])
})
