import type { TLSSocket } from 'node:tls'
import type { Transport } from '@couplet/client'
import { type ChannelBinding, chooseMechanism } from '@couplet/sasl'
import { connectRaw, header, type RawClient } from './raw-client.js'

/** A login by SASL2. */
export interface RawSasl2 {
  readonly user?: string
  readonly password?: string
  readonly mechanism?: string
  /** The TLS connection, for channel binding. */
  readonly socket?: TLSSocket
  /** A token instead of a password. */
  readonly token?: string
  /** What goes into `<authenticate/>`, as XML. */
  readonly inline?: string
  /** What the client calls itself. */
  readonly agent?: string
}

export const agentId = 'd4565fa7-4d72-4749-b3d3-740edbf87770'

/** The header of a client that says who it is. */
export const headerFrom = (user = 'alice'): string => header().replace("to='", `from='${user}@example.org' to='`)

/** A client that has seen the features, and the features. */
export async function greeted(transport: Transport, head: string = headerFrom()): Promise<[RawClient, string]> {
  const client = await connectRaw(transport)
  client.write(head)
  return [client, (await client.until(/<stream:features>(.*)<\/stream:features>/))[1] ?? '']
}

/** A client that has logged in by SASL and bound nothing. */
export async function authenticated(transport: Transport, user = 'alice', password = 'pw'): Promise<RawClient> {
  const [client] = await greeted(transport, header())
  await client.login(user, password)
  client.write(header())
  await client.until(/<\/stream:features>/)
  return client
}

/** A client with stream management on, and the SM-ID. */
export async function managed(
  transport: Transport,
  user: string,
  resource: string,
  attributes = `resume='true'`,
): Promise<[RawClient, string]> {
  const client = await connectRaw(transport)
  await client.online(user, resource)
  client.write(`<enable xmlns='urn:xmpp:sm:3' ${attributes}/>`)
  const [, list = ''] = await client.until(/<enabled ([^>]*)>/)
  return [client, /id='([^']+)'/.exec(list)?.[1] ?? '']
}

/** Logs in behind the features; returns the content of `<success/>` behind the additional data, or the failure. */
export async function sasl2(client: RawClient, login: RawSasl2 = {}): Promise<string> {
  const { user: username = 'alice', password = 'pw', token, socket, inline = '', agent = agentId } = login
  const { mechanism = token === undefined ? 'SCRAM-SHA-256' : 'HT-SHA-256-NONE' } = login
  const data = socket?.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  const bindings: ChannelBinding[] = data === undefined ? [] : [{ type: 'tls-exporter', data }]
  const sasl = chooseMechanism({
    offered: [mechanism],
    bindings,
    offeredBindings: data === undefined ? undefined : ['tls-exporter'],
    credentials: token === undefined ? { username, password } : { username, ht: { mechanism, token } },
    policy: { secure: true, sasl2: true, allowPlain: true, order: [mechanism] },
  })
  const initial = `<initial-response>${encode(await sasl.initial())}</initial-response>`
  const userAgent = agent === '' ? '' : `<user-agent id='${agent}'/>`
  client.write(
    `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='${mechanism}'>${initial}${userAgent}${inline}</authenticate>`,
  )
  for (;;) {
    const pattern = /<(challenge|success|failure) xmlns='urn:xmpp:sasl:2'>(.*?)<\/\1>/
    const [, name, content = ''] = await client.until(pattern)
    if (name === 'failure') return `failure ${/<([a-z-]+)/.exec(content)?.[1]}`
    const text = name === 'challenge' ? content : (/<additional-data>([^<]*)/.exec(content)?.[1] ?? '')
    const bytes = new Uint8Array(Buffer.from(text, 'base64'))
    if (name === 'success') {
      await sasl.success(bytes)
      return content.replace(/^<additional-data>.*?<\/additional-data>/, '')
    }
    client.write(`<response xmlns='urn:xmpp:sasl:2'>${encode(await sasl.challenge(bytes))}</response>`)
  }
}

/** The token in the content of a success. */
export const tokenIn = (content: string): string => /<token [^>]*\btoken='([^']+)'/.exec(content)?.[1] ?? ''

const encode = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64')
