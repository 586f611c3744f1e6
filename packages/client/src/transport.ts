import type { ChannelBinding } from '@couplet/sasl'

/** What a transport is asked to reach. */
export interface ConnectOptions {
  /** The domain of the account: what certificates are checked against, whatever the endpoint is called. */
  readonly domain: string
  /** The endpoint, if the user named one (`xmpp:` STARTTLS, `xmpps:` direct TLS, `ws:`, `wss:`); else it is discovered. */
  readonly service: URL | undefined
  /**
   * The {@link Connection.endpoint}s this attempt has been to in vain: TLS or the stream failed there. They are not tried
   * again; when there is no other, `connect` rejects with the code `no-endpoint`.
   */
  readonly tried?: ReadonlySet<string> | undefined
  /**
   * Where to go before and after what discovery finds, always for the same domain and under the same rules of TLS. Schemes
   * the transport does not serve are left out.
   */
  readonly hints?: EndpointHints | undefined
  /**
   * Is told about each endpoint that could not be reached, best first, also when another one can be: it counts as tried, and
   * what went wrong there may be what the attempt reports in the end.
   */
  readonly failed?: ((endpoint: string, error: unknown) => void) | undefined
  /** Ends the attempt; the promise then rejects with its reason and nothing stays open. */
  readonly signal: AbortSignal
}

/** Endpoints the client knows about besides what discovery finds. */
export interface EndpointHints {
  /** `host:port` where the server wants us, by `location` (XEP-0198 §5) or `see-other-host` (RFC 6120 §4.9.3.19). */
  readonly preferred?: string | undefined
  /** The {@link Connection.endpoint} of the last login: tried last, also when DNS does not answer. */
  readonly lastGood?: string | undefined
}

/** Who listens to a connection. */
export interface ConnectionListener {
  /** Bytes, or one frame as text. */
  data(chunk: Uint8Array | string): void
  /** The connection is gone, once, whoever ended it; `error` if it broke. */
  closed(error: Error | undefined): void
}

/** What is known about TLS on a connection (RFC 7590 §3.7: applications can show it). */
export interface TlsFacts {
  /** The version, such as `TLSv1.3`. */
  readonly protocol: string
  /** The cipher suite, by its name in the IANA registry where there is one. */
  readonly cipher: string
  /** The server's certificate, as DER. */
  readonly certificate: Uint8Array
}

/** A connection on which bytes flow: one TCP or WebSocket connection, before or after TLS. */
export interface Connection {
  /** Where it goes, for diagnostics: `xmpps://example.org:5223`. */
  readonly endpoint: string
  /** Whether TLS is on and the certificate was verified for the domain (or the peer is this process). */
  readonly secure: boolean
  /** Whether each element travels in a frame of its own (RFC 7395). */
  readonly framed: boolean
  /** Channel bindings of the TLS connection (RFC 5929, RFC 9266), the preferred one first. */
  readonly channelBindings: readonly ChannelBinding[]
  /** What TLS is like, once it is on; a browser does not tell. */
  readonly tls?: TlsFacts | undefined
  /** Sets the listener; data that came before is delivered then. */
  listen(listener: ConnectionListener): void
  /** Sends text. Writes of one turn of the event loop leave together; framed, each call is one frame. */
  write(text: string): void
  /** UTF-16 units or bytes that were written but not handed to the network. */
  readonly buffered: number
  /** Resolves when {@link buffered} is small again, or the connection is gone. */
  drained(): Promise<void>
  /** Stops or restarts reading: back-pressure. */
  pause(paused: boolean): void
  /** Upgrades to TLS after `<proceed/>` (RFC 6120 §5.4.3); a connection that cannot has no such method. */
  startTls?(signal: AbortSignal): Promise<void>
  /** Half-closes after everything was written; `closed` follows when the peer did so too. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

/** A way to reach a server. Tried in the order in which the client has them. */
export interface Transport {
  /** For diagnostics: `tcp`, `websocket`. */
  readonly name: string
  /** The URL schemes of {@link ConnectOptions.service} it serves, without the colon. */
  readonly schemes: readonly string[]
  /**
   * Connects.
   *
   * @throws ConnectionError naming the phase
   */
  connect(options: ConnectOptions): Promise<Connection>
}
