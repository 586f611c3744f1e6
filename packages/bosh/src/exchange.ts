import { ConnectionError } from '@couplet/client'
import { within } from '@couplet/client/core'
import type { HttpFetch } from './open-fetch.js'
import { responseLimit, tooLarge } from './response-limit.js'

/** What became of a request; `broken` if the same request may be made again (XEP-0124 §14.3). */
export type Outcome = { readonly text: string } | { readonly error: ConnectionError; readonly broken: boolean }

/** A request, and how long it may take. */
export interface ExchangeOptions {
  /** Where it goes. */
  readonly url: string
  /** How it is made. */
  readonly fetch: HttpFetch
  /** Milliseconds until the response has to be there, whole. */
  readonly limit: number
}

/** The proxy or the server is overloaded or restarts: the session may still be there. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Makes one request and reads its response; a failure is an outcome, too. Who aborts the signal does not look at it. */
export async function exchange(body: string, options: ExchangeOptions, signal: AbortSignal): Promise<Outcome> {
  try {
    return await within('stream', options.limit, signal, post(body, options, signal))
  } catch (cause) {
    if (!(cause instanceof ConnectionError)) return failure(cause)
    return { error: cause, broken: cause.code === 'timeout' }
  }
}

async function post(body: string, { url, fetch }: ExchangeOptions, signal: AbortSignal): Promise<Outcome> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml; charset=utf-8' },
    body,
    redirect: 'manual',
    signal,
    credentials: 'omit',
  })
  const { status } = response
  if (status === 200) return { text: await read(response) }
  const problem = status === 0 || (status >= 300 && status < 400) ? 'a redirect' : `HTTP status ${status}`
  const error = new ConnectionError('stream', 'unreachable', `the server answered with ${problem}`)
  return { error, broken: passing.has(status) }
}

async function read(response: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  // Not every platform lets a response be read by piece.
  const bytes = response.body ? await collect(response.body) : new Uint8Array(await response.arrayBuffer())
  if (bytes.length > responseLimit) throw tooLarge()
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new ConnectionError('stream', 'unexpected-element', 'a response is not UTF-8', cause)
  }
}

async function collect(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > responseLimit) {
      reader.cancel().catch(() => {})
      throw tooLarge()
    }
    chunks.push(value)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** Node knows why; a browser does not tell. */
function failure(cause: unknown): Outcome {
  const { code, cause: inner } = (cause ?? {}) as { readonly code?: unknown; readonly cause?: { code?: unknown } }
  const name = String(typeof code === 'string' ? code : inner?.code)
  const [phase, verdict, message] = reasons.find(([pattern]) => pattern.test(name))?.[1] ?? unreachable
  // XEP-0124 §19.1: another certificate in the middle of a session ends it.
  return { error: new ConnectionError(phase, verdict, message, cause), broken: phase !== 'tls' }
}

const unreachable = ['stream', 'unreachable', 'the request failed'] as const
const reasons = [
  [/EXPIRED|NOT_YET_VALID/, ['tls', 'certificate-expired', 'the certificate is not valid at this time']],
  [/ALTNAME/, ['tls', 'certificate-name', 'the certificate is for another name']],
  [/CERT|SELF_SIGNED|ISSUER|UNABLE_TO_/, ['tls', 'certificate-untrusted', 'the certificate is from nobody trusted']],
  [/ECONNREFUSED/, ['tcp', 'refused', 'nothing listens there']],
] as const
