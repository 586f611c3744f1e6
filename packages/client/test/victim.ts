import { inspect } from 'node:util'
import { type ClientEvents, type ClientOptions, createClient, type InboundMessage } from '@couplet/client'
import type { Presence, XmppError } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { type ScriptedPeer, type ScriptedServer, scriptedServer } from '@couplet/testing'
import { webSocket } from '@couplet/websocket'
import { expect } from 'vitest'

/** What must not show anywhere. */
export const user = 'alice.canary'
export const password = 'pencil-canary'

/** The account and what the scripted server has to know about it. */
export const account = { user, password } as const

type Failure = Error & Partial<XmppError> & { readonly phase?: string }

/** A client under attack, and everything an application would see of it. */
export function victim(server: ScriptedServer, options: Partial<ClientOptions> = {}) {
  const { ca, service } = server
  const transports = service === undefined ? [server.transport()] : [tcp({ ca }), webSocket({ ca })]
  const client = createClient({ jid: `${user}@example.org`, password, service, transports, ...options })
  const messages: InboundMessage[] = []
  const presences: Presence[] = []
  const events: [keyof ClientEvents, unknown][] = []
  const waiting = new Set<() => void>()
  const note = <T>(list: T[], item: T): void => {
    list.push(item)
    for (const look of [...waiting]) look()
  }
  /** Resolves when, after a message or an event, the condition holds. */
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (condition() && waiting.delete(look)) resolve()
      }
      waiting.add(look)
      look()
    })
  client.onMessage((message) => note(messages, message))
  client.onPresence((presence) => note(presences, presence))
  const names = ['error', 'malformed', 'rejected', 'undeliverable'] as const
  for (const name of names) client.on(name, (event) => note(events, [name, event]))
  const failure = new Promise<{ readonly error: Failure; readonly state: string }>((resolve) => {
    client.on('status', (status) => {
      if ('error' in status && status.error !== undefined) resolve({ error: status.error, state: status.state })
    })
  })
  const online = client.online()
  online.catch(() => {})
  return { client, messages, presences, events, failure, online, until }
}

/** Loads what is loaded on demand: with fake timers, the test runner's own would be counted. */
export async function warmUp(): Promise<void> {
  const server = await scriptedServer((peer) => peer.online().then(() => letGo(peer)), account)
  const { client, online } = victim(server)
  await online
  await client.close()
  await server.stop()
}

/** The end of a script: lets the client close, and closes too. */
export async function letGo(peer: ScriptedPeer): Promise<void> {
  await peer.expect(/<\/stream:stream>|<close /).then(
    () => peer.close(),
    () => {},
  )
  await peer.closed
}

/** What an attack has to come to. */
export interface Verdict {
  readonly name?: string
  readonly code?: string
  readonly phase?: string
  /** Whether the client stays away by itself; otherwise it tries again after a pause. */
  readonly terminal: boolean
}

/**
 * Lets the server play its script against a client, and checks what holds for every attack during the login: a typed
 * error, nothing delivered, the connection closed, and no secret in anything that can be logged.
 */
export async function attackLogin(
  server: ScriptedServer,
  { terminal, ...error }: Verdict,
  options: Partial<ClientOptions> = {},
): Promise<string> {
  const target = victim(server, options)
  const failure = await target.failure
  expect(failure.error).toMatchObject(error)
  expect([failure.error.retry !== 'backoff', failure.state]).toEqual([terminal, terminal ? 'offline' : 'waiting'])
  if (terminal) await expect(target.online).rejects.toBe(failure.error)
  await target.client.close()
  await Promise.all(server.peers.map(({ closed }) => closed))
  expect(server.peers).toHaveLength(1)
  expect([target.messages, target.presences, target.events]).toEqual([[], [], []])
  expectNoSecret(failure.error, target.client, failure.error.stack)
  return server.peers[0]?.received ?? ''
}

/** No form in which a secret could show. */
export function expectNoSecret(...values: readonly unknown[]): void {
  const forms = [
    password,
    Buffer.from(password).toString('base64'),
    Buffer.from(`\0${user}\0${password}`).toString('base64'),
  ]
  for (const value of values) {
    const text = typeof value === 'string' ? value : inspect(value, { depth: 20, showHidden: true, getters: true })
    for (const form of forms) expect(text).not.toContain(form)
  }
}

/** Nothing in the byte log tells who is there. */
export function expectAnonymous(received: string): void {
  expect(received).not.toContain(user)
  expect(received).not.toMatch(/<(auth|response|authenticate|iq)\b/)
  expectNoSecret(received)
}
