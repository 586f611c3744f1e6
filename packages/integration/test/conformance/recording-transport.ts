import type { ChannelBinding, Connection, ConnectionListener, Transport } from '@couplet/client'

/** What went over the wire, in the order in which it did, TLS taken off. */
export interface Recording {
  /** What the client sent. */
  sent: string
  /** What the server sent. */
  received: string
  /** The endpoints of all connections. */
  readonly endpoints: string[]
  /** Both, piece by piece. */
  readonly log: { readonly by: 'client' | 'server'; readonly text: string }[]
}

/** A transport that keeps a copy of everything. */
export const recordingTransport = (
  inner: Transport,
): { readonly transport: Transport; readonly recording: Recording } => {
  const recording: Recording = { sent: '', received: '', endpoints: [], log: [] }
  const transport: Transport = {
    name: inner.name,
    schemes: inner.schemes,
    connect: async (options) => {
      const connection = await inner.connect(options)
      recording.endpoints.push(connection.endpoint)
      return new RecordedConnection(connection, recording)
    },
  }
  return { transport, recording }
}

class RecordedConnection implements Connection {
  readonly #inner: Connection
  readonly #recording: Recording
  readonly startTls?: (signal: AbortSignal) => Promise<void>

  constructor(inner: Connection, recording: Recording) {
    this.#inner = inner
    this.#recording = recording
    if (inner.startTls) this.startTls = (signal) => inner.startTls!(signal)
  }

  get endpoint(): string {
    return this.#inner.endpoint
  }

  get secure(): boolean {
    return this.#inner.secure
  }

  get framed(): boolean {
    return this.#inner.framed
  }

  get channelBindings(): readonly ChannelBinding[] {
    return this.#inner.channelBindings
  }

  get buffered(): number {
    return this.#inner.buffered
  }

  listen(listener: ConnectionListener): void {
    const decoder = new TextDecoder()
    this.#inner.listen({
      data: (chunk) => {
        const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
        this.#recording.received += text
        this.#recording.log.push({ by: 'server', text })
        listener.data(chunk)
      },
      closed: (error) => listener.closed(error),
    })
  }

  write(text: string): void {
    this.#recording.sent += text
    this.#recording.log.push({ by: 'client', text })
    this.#inner.write(text)
  }

  drained(): Promise<void> {
    return this.#inner.drained()
  }

  pause(paused: boolean): void {
    this.#inner.pause(paused)
  }

  end(): void {
    this.#inner.end()
  }

  destroy(): void {
    this.#inner.destroy()
  }
}
