import { type Client, type ClientOptions, type ClientStatus, createClient, type Transport } from '@couplet/client'
import { type Message, message } from '@couplet/stanza'
import { letGo, password, user } from './victim.js'

export { letGo }

/** The addresses of the two sides of these tests. */
export const alice = `${user}@example.org`
export const bob = 'bob@example.org'

/** Users of a loopback server. */
export const users = { [user]: password, bob: password }

/** A status, with the moment it came. */
export type Noted = ClientStatus & { readonly at: number }

/** A client, everything it said about its connection, and what it received. */
export interface Observed {
  readonly client: Client
  /** In order. */
  readonly statuses: readonly Noted[]
  readonly bodies: readonly (string | undefined)[]
  readonly errors: readonly unknown[]
  /** The delays of the statuses `waiting` so far. */
  delays(): readonly number[]
  /** The error of the last status that has one. */
  error(): (Error & { readonly code?: string }) | undefined
  /** Resolves at the next status of this kind. */
  next(state: ClientStatus['state']): Promise<Noted>
}

/** Makes a client that is watched; it does nothing yet. */
export function observe(transports: Transport | readonly Transport[], options: Partial<ClientOptions> = {}): Observed {
  const list = Array.isArray(transports) ? (transports as readonly Transport[]) : [transports as Transport]
  const client = createClient({ jid: alice, password, transports: list, ...options })
  const statuses: Noted[] = []
  const bodies: (string | undefined)[] = []
  const errors: unknown[] = []
  let waiting: { state: string; resolve(status: Noted): void }[] = []
  client.on('status', (status) => {
    const noted: Noted = { ...status, at: performance.now() }
    statuses.push(noted)
    const ready = waiting.filter(({ state }) => state === status.state)
    waiting = waiting.filter(({ state }) => state !== status.state)
    for (const { resolve } of ready) resolve(noted)
  })
  client.on('error', (error) => errors.push(error))
  client.onMessage(({ body }) => void bodies.push(body))
  return {
    client,
    statuses,
    bodies,
    errors,
    delays: () => statuses.flatMap((status) => (status.state === 'waiting' ? [status.delay] : [])),
    error: () => statuses.flatMap((status) => ('error' in status && status.error ? [status.error] : [])).at(-1),
    next: (state) => new Promise((resolve) => waiting.push({ state, resolve })),
  }
}

/** A chat message. */
export const say = (body: string, to: string = bob): Message => message({ to, type: 'chat', body })

/** How many times a piece of text is in another. */
export const count = (text: string | undefined, piece: string | RegExp): number => (text ?? '').split(piece).length - 1

/** A stream error, as a server sends it before it closes. */
export const streamError = (condition: string, content = '', more = ''): string => {
  const name = `${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'`
  return `<stream:error><${name}>${content}</${condition}>${more}</stream:error>`
}
