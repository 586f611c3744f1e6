/** What both the browser's WebSocket and that of Node's `ws` can do, as far as we use it. */
export interface Socket {
  readonly protocol: string
  readonly bufferedAmount: number
  send(data: string): void
  close(code?: number): void
  /** Closes without waiting for the peer; Node only. */
  terminate?(): void
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close' | 'error', listener: (event: unknown) => void): void
}

/** Options that only Node can honour: a browser decides about certificates itself. */
export interface SocketOptions {
  /** Certificates of authorities to trust instead of the platform's, as PEM. */
  readonly ca?: string | readonly string[] | undefined
}

/** Opens a WebSocket with the platform's own. */
export function openSocket(url: URL, protocol: string, _options: SocketOptions): Socket {
  return new WebSocket(url, protocol)
}
