import { createHash, createHmac } from 'node:crypto'
import type { Credentials } from '@couplet/sasl'
import { scramDigest, scramHmac, scramKeys } from '@couplet/sasl'
import { Jid, type XmlElement } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { type Script, type ScriptedPeer, type ScriptedServer, scriptedServer } from '@couplet/testing'
import { webSocket } from '@couplet/websocket'
import { Authenticate, NS_BIND, NS_BIND2, NS_FAST, NS_SASL, NS_SASL_CB, NS_SASL2, NS_SM } from '../src/elements.js'
import { LoginMemory } from '../src/login-memory.js'
import { type LoginOptions, Negotiation } from '../src/negotiation.js'
import { memoryStore } from '../src/state-store.js'
import { XmppStream } from '../src/xmpp-stream.js'
import { account, letGo, password, user } from './victim.js'

/** The account under test, and the JID a server gives it. */
export const bare = `${user}@example.org`
export const full = `${bare}/couplet.1`
export const base64 = (data: string | Uint8Array): string => Buffer.from(data).toString('base64')
export const unbase64 = (text: string): string => Buffer.from(text, 'base64').toString()

/** Setup T2 for the modern login: plays the script, then lets the client go. */
export const serve = (script: Script, transport: 'memory' | 'tls' | 'tcp' | 'websocket' = 'memory') =>
  scriptedServer(
    async (peer) => {
      await script(peer)
      await letGo(peer)
    },
    { transport, ...account },
  )

/** Memory for the account, as new. */
export const freshMemory = (): LoginMemory => new LoginMemory(memoryStore(), Jid.parse(bare).bare)

/** One login, without the client around it; the stream ends with the scope. */
export async function logIn(server: ScriptedServer, overrides: Partial<LoginOptions> = {}) {
  const { ca, service } = server
  const signal = overrides.signal ?? new AbortController().signal
  const transport =
    service === undefined ? server.transport() : service.protocol === 'wss:' ? webSocket({ ca }) : tcp({ ca })
  const connection = await transport.connect({ domain: 'example.org', service, signal })
  const stream = new XmppStream(connection, {})
  const close = async (): Promise<void> => {
    stream.close()
    await stream.ended
  }
  const run = new Negotiation(stream, {
    account: Jid.parse(bare).bare,
    credentials: { password },
    policy: {},
    resource: undefined,
    lang: 'en',
    request: { resumption: undefined, inline: [], bind2: true },
    memory: freshMemory(),
    signal,
    ...overrides,
  }).run()
  const login = await run.catch(async (error: unknown) => {
    await close()
    throw error
  })
  return { ...login, stream, [Symbol.asyncDispose]: close }
}

/** Features of a modern server; what is `undefined` is not offered. */
export interface Offer {
  readonly mechanisms?: readonly string[]
  readonly bindings?: readonly string[]
  readonly bind?: readonly string[] | undefined
  readonly sm?: boolean
  readonly fast?: readonly string[]
  /** Mechanisms of the classic profile beside it. */
  readonly classic?: readonly string[]
  readonly more?: string
}

const mechanismList = (names: readonly string[]): string =>
  names.map((name) => `<mechanism>${name}</mechanism>`).join('')

/** The features as XML. */
export function features(offer: Offer = {}): string {
  const { mechanisms = ['SCRAM-SHA-256'], bindings, bind = [NS_SM, 'urn:xmpp:carbons:2'], sm = true } = offer
  const { fast = ['HT-SHA-256-NONE', 'HT-SHA-256-EXPR'], classic, more = '' } = offer
  const inlineBind = bind.map((name) => `<feature var='${name}'/>`).join('')
  const canBind = !('bind' in offer) || offer.bind !== undefined
  const inline =
    (canBind ? `<bind xmlns='${NS_BIND2}'><inline>${inlineBind}</inline></bind>` : '') +
    (sm ? `<sm xmlns='${NS_SM}'/>` : '') +
    (fast.length > 0 ? `<fast xmlns='${NS_FAST}'>${mechanismList(fast)}</fast>` : '')
  const types = bindings?.map((type) => `<channel-binding type='${type}'/>`).join('')
  return (
    `<authentication xmlns='${NS_SASL2}'>${mechanismList(mechanisms)}<inline>${inline}</inline></authentication>` +
    (types === undefined ? '' : `<sasl-channel-binding xmlns='${NS_SASL_CB}'>${types}</sasl-channel-binding>`) +
    (classic === undefined ? '' : `<mechanisms xmlns='${NS_SASL}'>${mechanismList(classic)}</mechanisms>`) +
    more
  )
}

/** What the client sent to authenticate. */
export interface Asking {
  readonly element: XmlElement
  readonly mechanism: string
  /** The initial response as text. */
  readonly initial: string
}

/** Waits for `<authenticate/>`. */
export async function authenticate(peer: ScriptedPeer): Promise<Asking> {
  const element = await peer.expectElement(NS_SASL2, 'authenticate')
  const value = Authenticate.parse(element) as { mechanism: string; initial?: Uint8Array }
  return { element, mechanism: value.mechanism, initial: Buffer.from(value.initial ?? []).toString('latin1') }
}

/** Header, features, and what the client makes of them. */
export async function begin(peer: ScriptedPeer, offer: Offer = {}): Promise<Asking> {
  await peer.secured()
  await peer.streamHeader()
  await peer.offer(features(offer))
  return authenticate(peer)
}

export const challenge = (data: string): string => `<challenge xmlns='${NS_SASL2}'>${base64(data)}</challenge>`
export const failed = (condition: string): string =>
  `<failure xmlns='${NS_SASL2}'><${condition} xmlns='${NS_SASL}'/></failure>`

/** `<success/>`; `data` is the proof. */
export function success(data: string | Uint8Array | undefined, results = '', jid: string = full): string {
  const proof = data === undefined ? '' : `<additional-data>${base64(data)}</additional-data>`
  const identifier = `<authorization-identifier>${jid}</authorization-identifier>`
  return `<success xmlns='${NS_SASL2}'>${proof}${results}${identifier}</success>`
}

export const bound = (inner = ''): string => `<bound xmlns='${NS_BIND2}'>${inner}</bound>`
export const enabled = `<enabled xmlns='${NS_SM}' id='sm-1' resume='true' max='300'/>`
export const classicBind = `<bind xmlns='${NS_BIND}'/>`

/** An honest server's SCRAM-SHA-256 for the user; returns the proof. `extensions` go into its first message. */
export async function prove(peer: ScriptedPeer, { initial }: Asking, extensions = ''): Promise<string> {
  const [, gs2 = '', firstBare = '', nonce = ''] = /^([^,]*,[^,]*,)(n=[^,]*,r=(.*))$/.exec(initial) ?? []
  const salt = Buffer.from('saltsaltsaltsalt')
  const serverFirst = `r=${nonce}server,s=${base64(salt)},i=4096${extensions}`
  await peer.send(challenge(serverFirst))
  const response = await peer.expectElement(NS_SASL2, 'response')
  const [, withoutProof = '', channel = '', proof = ''] =
    /^(c=([^,]+),r=[^,]+),p=(.*)$/.exec(unbase64(response.text)) ?? []
  const type = /^p=([^,]+)/.exec(gs2)?.[1]
  const data = type === undefined ? Buffer.alloc(0) : Buffer.from(peer.binding(type) ?? [])
  if (channel !== base64(Buffer.concat([Buffer.from(gs2), data]))) throw new Error('the channel binding is wrong')
  const keys = await scramKeys('SHA-256', password, salt, 4096)
  const message = Buffer.from(`${firstBare},${serverFirst},${withoutProof}`)
  const signature = await scramHmac('SHA-256', keys.storedKey, message)
  const clientKey = Buffer.from(proof, 'base64').map((byte, i) => byte ^ (signature[i] as number))
  if (base64(await scramDigest('SHA-256', clientKey)) !== base64(keys.storedKey)) throw new Error('wrong password')
  return `v=${base64(await scramHmac('SHA-256', keys.serverKey, message))}`
}

/** An honest server's HT-SHA-256-NONE; returns the proof. */
export function proveToken({ initial }: Asking, token: string): Uint8Array {
  const mac = (label: string): Buffer => createHmac('sha256', token).update(label).digest()
  if (initial !== `${user}\0${mac('Initiator').toString('latin1')}`) throw new Error('wrong token')
  return mac('Responder')
}

/** XEP-0474 §6.1, for SHA-256. */
export const listHash = (list: string): string => `,h=${createHash('sha256').update(list).digest('base64')}`

/** A whole honest login by SCRAM, with Bind 2; returns what the client asked for. */
export async function welcome(peer: ScriptedPeer, offer: Offer = {}, results = bound(enabled)): Promise<Asking> {
  const asking = await begin(peer, offer)
  await peer.send(success(await prove(peer, asking), results))
  await peer.offer()
  return asking
}

/** A token as a server issues it. */
export const token = (text: string, expiry = '2999-01-01T00:00:00Z'): string =>
  `<token xmlns='${NS_FAST}' token='${text}' expiry='${expiry}'/>`

/** Memory that has a token. */
export async function memoryWithToken(mechanism = 'HT-SHA-256-NONE', text = 'canary-token'): Promise<LoginMemory> {
  const memory = freshMemory()
  await memory.load()
  await memory.update({ token: { mechanism, token: text, expiry: '2999-01-01T00:00:00Z', count: 0 } })
  return memory
}

/** Credentials that have nothing. */
export const nothing: Credentials = {}
