/** What a request is made with: a part of what `fetch` takes. */
export interface HttpRequest {
  /** `POST`, or nothing. */
  readonly method?: 'POST'
  /** Headers by name. */
  readonly headers?: Readonly<Record<string, string>>
  /** The text to send. */
  readonly body?: string
  /** Redirects are refused: by the platform, or by us. */
  readonly redirect: 'error' | 'manual'
  /** Ends the request, also while the response is read. */
  readonly signal: AbortSignal
  /** No cookies, no HTTP authentication. */
  readonly credentials: 'omit'
}

/** How a request is made; `fetch` is one. */
export type HttpFetch = (url: string, request: HttpRequest) => Promise<Response>

/** Options that only Node can honour: a browser decides about certificates itself. */
export interface FetchOptions {
  /** Certificates of authorities to trust instead of the platform's, as PEM. */
  readonly ca?: string | readonly string[] | undefined
}

/** A `fetch` with what it keeps open. */
export interface HttpClient {
  /** Makes a request. */
  readonly fetch: HttpFetch
  /** Closes the connections that are kept for the next request. */
  close(): void
}

/** The platform's own `fetch`, which keeps its connections itself. */
export function openFetch(_options: FetchOptions): HttpClient {
  return { fetch: (url, request) => globalThis.fetch(url, request), close: () => {} }
}
