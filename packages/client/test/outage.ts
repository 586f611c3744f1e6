import { type Client, type ClientOptions, type ClientStatus, createClient, type Transport } from '@couplet/client'
import { type Message, message } from '@couplet/stanza'
import type { ScriptedPeer } from '@couplet/testing'
import { Ack, Failed, NS_BIND, NS_SM, Resumed } from '../src/elements.js'
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

/** What a server makes of a client that wants its session back. */
export interface Acceptance {
  /** How many stanzas were handled, if the session goes on. */
  readonly resumed?: number | undefined
  /** Otherwise, if it still knows how many it had handled. */
  readonly known?: number | undefined
  /** Whether `<r/>` is answered; default true. */
  readonly autoAck?: boolean
}

/** Plays the login of RFC 6120, and goes on with the session the client had, or begins one that can be resumed. */
export async function accept(peer: ScriptedPeer, { resumed, known, autoAck = true }: Acceptance = {}): Promise<void> {
  await peer.secured()
  await peer.login()
  peer.polite()
  peer.answer('urn:xmpp:ping', 'ping')
  await peer.streamHeader()
  await peer.offer(`<bind xmlns='${NS_BIND}'/><sm xmlns='${NS_SM}'/>`)
  const [begun] = await peer.expect(/<(resume|iq) /)
  const resume = begun.startsWith('<resume') ? await peer.expectElement(NS_SM, 'resume') : undefined
  if (resume === undefined || resumed === undefined) {
    const reason = `<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`
    if (resume !== undefined) await peer.send(String(Failed({ h: known })).replace('/>', `>${reason}</failed>`))
    const request = await peer.expectRequest(NS_BIND, 'bind')
    await peer.reply(request, `<bind xmlns='${NS_BIND}'><jid>${alice}/${request.id}</jid></bind>`)
    peer.countFrom(await peer.expectElement(NS_SM, 'enable'))
    await peer.send(`<enabled xmlns='${NS_SM}' id='${request.id}' resume='true' max='300'/>`)
  } else {
    peer.countFrom(resume, resumed)
    await peer.send(String(Resumed({ previd: resume.attr('previd') ?? '', h: resumed })))
  }
  if (autoAck) peer.answerElement(NS_SM, 'r', (element) => String(Ack({ h: peer.handledBefore(element) })))
}

const followers: Readonly<Record<ClientStatus['state'], readonly ClientStatus['state'][]>> = {
  offline: ['connecting', 'waiting'],
  connecting: ['online', 'waiting', 'offline'],
  online: ['waiting', 'offline'],
  // Without a network it waits on: the status says so.
  waiting: ['connecting', 'waiting', 'offline'],
}

/** Checks that each status may come after the one before it. */
export function expectLegal(statuses: readonly ClientStatus[]): void {
  let last: ClientStatus['state'] = 'offline'
  for (const { state } of statuses) {
    if (!followers[last].includes(state)) throw new Error(`${state} came after ${last}`)
    last = state
  }
}
