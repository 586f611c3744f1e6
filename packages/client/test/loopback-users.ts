import { type ClientOptions, createClient } from '@couplet/client'
import { message } from '@couplet/stanza'
import { type LoopbackServer, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach } from 'vitest'

/** The server of the test that runs, and its time. */
export let server: LoopbackServer
export let time: VirtualTime

/** Has every test of the file begin on virtual time with a loopback server that has these users. */
export function onLoopback(users: Record<string, string> = { alice: 'pw', bob: 'pw' }): void {
  beforeEach(async () => {
    time = virtualTime()
    server = await startLoopback({ users })
  })
  afterEach(async () => {
    await time.until(server.stop())
    time.restore()
  })
}

/** A client that notes what it gets. */
export function user(name: string, options: Partial<ClientOptions> = {}) {
  const client = createClient({
    jid: `${name}@example.org`,
    password: 'pw',
    transports: [server.transport()],
    ...options,
  })
  const bodies: (string | undefined)[] = []
  const sessions: boolean[] = []
  client.onMessage(({ body }) => void bodies.push(body))
  client.on('status', (status) => {
    if (status.state === 'online') sessions.push(status.resumed)
  })
  return { client, bodies, sessions }
}

export const say = (to: string, body: string) => message({ to: `${to}@example.org`, type: 'chat', body })
