import type { Transport } from '@couplet/client'
import { type TestAuthority, type TestCertificate, testAuthority } from '../test-authority.js'
import type { Channel, ChannelKind } from '../wire/channel.js'
import { memoryTransport } from '../wire/memory-channel.js'
import { openListener } from '../wire/open-listener.js'
import { PeerClosedError } from './peer-closed-error.js'
import type { PeerSettings } from './peer-settings.js'
import { ScriptedPeer } from './scripted-peer.js'

// Taken now, so that a test's fake timers do not stop it.
const nextTurn = setImmediate

/** What a scripted server does with a connection. */
export type Script = (peer: ScriptedPeer) => Promise<void> | void

/** Options of {@link scriptedServer}. */
export interface ScriptedServerOptions {
  /** How clients come; default `memory`, where what is written in pieces also arrives in pieces. */
  readonly transport?: ChannelKind
  /** The domain; default `example.org`. */
  readonly domain?: string
  /** The user `peer.login()` lets in; default `u`. */
  readonly user?: string
  /** The user's password; default `p`. */
  readonly password?: string
  /** Who issues the certificate; default an authority of its own. */
  readonly authority?: TestAuthority
  /** The certificate; default a good one for the domain. */
  readonly certificate?: TestCertificate
}

/** A scripted server that runs. */
export interface ScriptedServer {
  /** Where it listens, for the `service` option of a client; in memory there is no such place. */
  readonly service: URL | undefined
  /** The certificate of its authority, as PEM. */
  readonly ca: string
  /** The connections so far, in order. */
  readonly peers: readonly ScriptedPeer[]
  /** A transport for `createClient`, if it plays in memory. @throws TypeError otherwise */
  transport(): Transport
  /** Resolves with the connection of this number, from 0. */
  peer(index: number): Promise<ScriptedPeer>
  /** Resolves when every script has come to its end; rejects with what the first one threw. */
  readonly done: Promise<void>
  /** Breaks all connections and stops listening. @throws what a script threw, if nobody looked at {@link done} */
  stop(): Promise<void>
  /** The same as {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a server that plays scripts byte by byte, for tests with hostile or broken servers. With a list of scripts the
 * first connection gets the first one, and so on, and further connections are refused; a single one is for all.
 */
export async function scriptedServer(
  scripts: Script | readonly Script[],
  options: ScriptedServerOptions = {},
): Promise<ScriptedServer> {
  const server = new ScriptRunner(scripts, options)
  await server.start()
  return server
}

class ScriptRunner implements ScriptedServer {
  readonly peers: ScriptedPeer[] = []
  readonly #done: Promise<void>
  readonly #scripts: Script | readonly Script[]
  readonly #kind: ChannelKind
  readonly #authority: TestAuthority
  readonly #settings: PeerSettings
  /** Whose connections were broken by {@link stop}. */
  readonly #interrupted = new Set<ScriptedPeer>()
  readonly #waiting = new Set<() => void>()
  #finished = 0
  #settle!: { resolve(): void; reject(error: unknown): void }
  #stopped = false
  #lookedAt = false
  #close: () => Promise<void> = async () => {}
  #service: URL | undefined

  constructor(scripts: Script | readonly Script[], options: ScriptedServerOptions) {
    const { domain = 'example.org', user = 'u', password = 'p' } = options
    this.#scripts = scripts
    this.#kind = options.transport ?? 'memory'
    this.#authority = options.authority ?? testAuthority()
    let own = options.certificate
    const certificate = (): TestCertificate => {
      own ??= this.#authority.certificate({ names: [domain, 'localhost', '127.0.0.1'] })
      return own
    }
    this.#settings = { domain, user, password, certificate }
    this.#done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.#done.catch(() => {}) // reported by stop
  }

  get service(): URL | undefined {
    return this.#service
  }

  get done(): Promise<void> {
    this.#lookedAt = true
    return this.#done
  }

  get ca(): string {
    return this.#authority.ca
  }

  async start(): Promise<void> {
    if (this.#kind === 'memory') return
    const accept = (channel: Channel): void => this.#accept(channel)
    const certificate = this.#settings.certificate()
    const listener = await openListener({ kind: this.#kind, port: 0, certificate, accept })
    this.#service = listener.service
    this.#close = () => {
      const closed = listener.close()
      listener.destroy()
      return closed
    }
  }

  transport(): Transport {
    if (this.#kind !== 'memory') throw new TypeError(`clients come over ${this.#kind}: use \`service\``)
    return memoryTransport(
      (channel) => this.#accept(channel),
      () => !this.#stopped && this.#script(this.peers.length) !== undefined,
    )
  }

  async peer(index: number): Promise<ScriptedPeer> {
    for (;;) {
      const peer = this.peers[index]
      if (peer !== undefined) return peer
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const peer of this.peers) {
      if (peer.isClosed) continue
      this.#interrupted.add(peer)
      peer.destroy()
    }
    await Promise.all([this.#close(), ...this.peers.map(({ closed }) => closed)])
    await new Promise<void>((resolve) => nextTurn(resolve)) // so that scripts that were waiting have failed
    if (!this.#lookedAt) await Promise.race([this.#done, undefined])
  }

  declare [Symbol.asyncDispose]: () => Promise<void>

  #script(index: number): Script | undefined {
    return typeof this.#scripts === 'function' ? this.#scripts : this.#scripts[index]
  }

  #accept(channel: Channel): void {
    const script = this.#script(this.peers.length)
    if (script === undefined) {
      channel.destroy()
      return
    }
    const peer = new ScriptedPeer(channel, this.#settings)
    this.peers.push(peer)
    for (const resume of [...this.#waiting]) resume()
    this.#waiting.clear()
    void this.#play(script, peer)
  }

  async #play(script: Script, peer: ScriptedPeer): Promise<void> {
    try {
      await script(peer)
      peer.polite()
      const count = typeof this.#scripts === 'function' ? 1 : this.#scripts.length
      if (++this.#finished >= count) this.#settle.resolve()
    } catch (error) {
      peer.destroy()
      // A script that still waits when the test is over has not failed.
      if (this.#interrupted.has(peer) && error instanceof PeerClosedError) return
      this.#settle.reject(error)
    }
  }
}

ScriptRunner.prototype[Symbol.asyncDispose] = ScriptRunner.prototype.stop
