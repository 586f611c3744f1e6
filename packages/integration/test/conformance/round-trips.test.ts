import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AnyPlugin, memoryStore } from '@couplet/client'
import { type FaultProxy, startFaultProxy } from '@couplet/testing'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { newClient } from './open-client.js'
import { type Target, targets } from './targets.js'

/** Milliseconds each way: more than any of them thinks, or what crosses on the way would look like an answer. */
const latency = 30

type TcpScheme = 'xmpps' | 'xmpp'

/** Servers that are meant to have SASL2 over TCP. */
const isModern = ({ name, server }: Target): boolean => name === 'loopback' || !!server?.features.includes('sasl2')

/** A slow way to a target. */
async function slowWay(target: Target, scheme: TcpScheme): Promise<FaultProxy> {
  const { hostname, port } = new URL(target.service(scheme))
  const proxy = await startFaultProxy({ target: { host: hostname, port: Number(port) } })
  onTestFinished(() => proxy.stop())
  proxy.latency(latency)
  return proxy
}

/** Says what a plugin says that reads the archive, and asks nothing: only whoever reads it may bind by Bind 2. */
const reader: AnyPlugin = { name: 'reader', needs: {}, setup: (context) => context.catchesUp(() => true) }

/** Round trips of two logins with one store, each from the first packet until the client says that it is online. */
async function logIn(target: Target, scheme: TcpScheme, plugins: AnyPlugin[] = []): Promise<readonly [number, number]> {
  const account = await target.createUser()
  const store = memoryStore()
  const once = async (): Promise<number> => {
    const proxy = await slowWay(target, scheme)
    const client = await newClient(target, { account, store, service: proxy.service(scheme), plugins })
    await client.online()
    const { roundTrips } = await proxy.connected(0)
    await client.close()
    expect(proxy.connectionCount).toBe(1)
    return roundTrips
  }
  return [await once(), await once()]
}

/** The answer of the other client. */
async function tell(peer: ChildProcess, message: string): Promise<unknown> {
  const answer = once(peer, 'message')
  peer.send(message)
  const [said] = await Promise.race([answer, once(peer, 'exit')])
  return said
}

/** Round trips of two logins of @xmpp/client, one after the other. */
async function logInPeer(target: Target, scheme: TcpScheme, { jid, password }: Account): Promise<readonly number[]> {
  const proxy = await slowWay(target, scheme)
  const folder = await mkdtemp(join(tmpdir(), 'couplet-peer-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const authority = join(folder, 'ca.pem')
  await writeFile(authority, target.ca)
  const script = new URL('peer-login.mjs', import.meta.url)
  const [local = '', domain = ''] = jid.split('@')
  const service = `${scheme}://${domain}:${proxy.port}`
  const peer = fork(script, [service, domain, local, password], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: authority },
    execArgv: [],
  })
  onTestFinished(() => void peer.kill())
  await once(peer, 'message') // ready
  const counts: number[] = []
  for (const index of [0, 1]) {
    if ((await tell(peer, 'start')) !== 'online') break
    counts.push((await proxy.connected(index)).roundTrips)
    await tell(peer, 'stop')
  }
  return counts
}

const report: string[] = []
const count = (title: string, target: Target, counts: readonly number[]): void => {
  report.push(`${target.name.padEnd(8)}  ${title.padEnd(28)}  ${counts.join(', then ') || 'not online'}`)
}
afterAll(() => {
  process.stdout.write(`\nround trips from SYN to online\n${report.map((line) => `  ${line}\n`).join('')}\n`)
})

describe.each(await targets())('a login to $title', (target) => {
  if (isModern(target)) {
    test('R-008 over direct TLS takes five round trips, and three with a token', async () => {
      const [first, second] = await logIn(target, 'xmpps', [reader])
      count('Couplet, Bind 2, direct TLS', target, [first, second])
      expect(first).toBeLessThanOrEqual(5)
      expect(second).toBeLessThanOrEqual(3)
    })

    test('R-008 one more, if the resource is bound as RFC 6120 has it', async () => {
      const [first, second] = await logIn(target, 'xmpps')
      count('Couplet, direct TLS', target, [first, second])
      expect(first).toBeLessThanOrEqual(6)
      expect(second).toBeLessThanOrEqual(4)
    })
  } else {
    test('R-008 over STARTTLS, as RFC 6120 has it, takes eight round trips', async () => {
      const [first, second] = await logIn(target, 'xmpp')
      count('Couplet, STARTTLS', target, [first, second])
      expect(first).toBeLessThanOrEqual(8)
      expect(second).toBeLessThanOrEqual(8)
    })
  }

  const scheme = isModern(target) ? 'xmpps' : 'xmpp'
  test('@xmpp/client, for comparison', async () => {
    const counts = await logInPeer(target, scheme, await target.createUser())
    count(`@xmpp/client, ${scheme === 'xmpps' ? 'direct TLS' : 'STARTTLS'}`, target, counts)
  })
})
