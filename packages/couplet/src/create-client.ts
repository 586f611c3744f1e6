import {
  type AnyPlugin,
  type Client,
  type ClientSettings,
  type ClientOptions as CreateOptions,
  createClient as create,
  type Transport,
} from '@couplet/client'
import { defaultTransports } from '#transports'

/** What a client is made from; the transports are those of the platform if none are given. */
export interface ClientOptions<P extends readonly AnyPlugin[] = readonly AnyPlugin[]> extends ClientSettings<P> {
  /** The ways to reach a server, in order of preference; default: TCP and WebSocket in Node, WebSocket elsewhere. */
  readonly transports?: readonly Transport[] | undefined
}

/**
 * Makes a client with the transports of the platform. Does nothing on the network before `online()`.
 *
 * @throws InvalidJidError for a bad `jid`
 * @throws TypeError naming any other option that is wrong, or a plugin whose need is not met
 *
 * @example
 * ```ts
 * import { createClient } from 'couplet'
 *
 * await using client = createClient({ jid: 'bot@example.org', password: 'secret' })
 * client.onMessage(async (message) => {
 *   if (message.body) await message.reply(message.body).acked
 * })
 * await client.online()
 * ```
 */
export function createClient<const P extends readonly AnyPlugin[] = []>(options: ClientOptions<P>): Client<P> {
  return create<P>({ ...options, transports: options.transports ?? defaultTransports() } as CreateOptions<P>)
}
