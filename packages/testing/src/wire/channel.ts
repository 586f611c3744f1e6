import type { TestCertificate } from '../test-authority.js'

/** Who listens to a channel. */
export interface ChannelListener {
  /** Bytes, or one frame as text. */
  data(chunk: Uint8Array | string): void
  /** The channel is gone, once, whoever ended it. */
  closed(error?: Error): void
}

/** How a client came: in memory, over TCP (where TLS may follow), TLS or WebSocket. */
export type ChannelKind = 'memory' | 'tcp' | 'tls' | 'websocket'

/** The server's end of a connection. */
export interface Channel {
  /** What it runs over. */
  readonly kind: ChannelKind
  /** Whether TLS is on, or the client is in this process. */
  readonly secure: boolean
  /** Whether each element travels in a frame of its own (RFC 7395). */
  readonly framed: boolean
  /** The data of a channel binding (RFC 5929, RFC 9266); `undefined` if this channel has none of that type. */
  binding(type: string): Uint8Array | undefined
  /** Sets the listener, which replaces the one before; data that came earlier is delivered then. */
  listen(listener: ChannelListener): void
  /** Sends bytes; framed, each call is one frame. */
  write(data: string | Uint8Array): void
  /** Goes on in TLS, right behind what was written. Rejects if the client does not manage to. */
  startTls?(certificate: TestCertificate): Promise<void>
  /** Closes after everything was written. */
  end(): void
  /** Closes at once. */
  destroy(): void
}
