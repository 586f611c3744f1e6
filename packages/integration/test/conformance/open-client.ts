import { type AnyPlugin, type Client, type ClientOptions, type ClientStatus, createClient } from '@couplet/client'
import { sendPing } from '@couplet/ping'
import { onTestFinished } from 'vitest'
import type { Account } from '../../src/lab-server.js'
import { type Scheme, type Target, transportsOf } from './targets.js'

/** What {@link newClient} needs beyond its target; every option of `createClient` may be given. */
export interface OpenOptions<P extends readonly AnyPlugin[]> extends Partial<Omit<ClientOptions, 'plugins'>> {
  /** The account to log in to; default: a new one. */
  readonly account?: Account
  /** The way to the server; default: direct TLS. `discover` names no endpoint. */
  readonly scheme?: Scheme | 'discover'
  readonly plugins?: P
}

/** A client of a target that gives up at the first failure, and is closed when the test ends. */
export const newClient = async <const P extends readonly AnyPlugin[] = []>(
  target: Target,
  options: OpenOptions<P> = {},
): Promise<Client<P>> => {
  const { account, scheme = 'xmpps', ...rest } = options
  const client = createClient<P>({
    reconnect: false,
    transports: transportsOf(target),
    ...(scheme !== 'discover' && { service: target.service(scheme) }),
    ...(account ?? (rest.jid ? {} : await target.createUser())),
    ...rest,
  } as ClientOptions<P>)
  onTestFinished(() => client.close())
  return client
}

/** The same, logged in, and available: its server has handled its presence. */
export const openClient = async <const P extends readonly AnyPlugin[] = []>(
  target: Target,
  options: OpenOptions<P> = {},
): Promise<Client<P>> => {
  const client = await newClient(target, options)
  await client.online()
  await client.request(sendPing, true).catch(() => {}) // some say that they do not know pings
  return client
}

/** The states a client goes through from now on. */
export const statesOf = (client: Pick<Client, 'on'>): readonly ClientStatus['state'][] => {
  const states: ClientStatus['state'][] = []
  client.on('status', ({ state }) => states.push(state))
  return states
}
