import type { Slot } from './check-slot.js'
import { countedStream, type ProgressHandler, streamsWithLength } from './file-body.js'
import { UploadError } from './upload-error.js'

/** What `fetch` is called with: its own options, and the one of Node for streams. */
export interface PutInit extends RequestInit {
  /** `half` with a stream. */
  duplex?: 'half'
}

/** What makes the PUT request; the platform's `fetch` is one. */
export type PutFetch = (url: string, init: PutInit) => Promise<Response>

/** How a file is put into its place. */
export interface PutOptions {
  /** Declared to the service, so exactly this is sent. */
  readonly contentType: string
  readonly signal: AbortSignal
  readonly onProgress: ProgressHandler | undefined
  readonly fetch: PutFetch
}

/** XEP-0363 §7 says 201; stores of files that others have built say 200 or 204 for the same. */
const stored: ReadonlySet<number> = new Set([200, 201, 204])

/**
 * Uploads the file, once, without following a redirect (XEP-0363 §7).
 *
 * @throws UploadError `redirect`, `refused` or `not-sent`; rejects with `signal.reason`
 */
export async function putFile(slot: Slot, file: Blob, options: PutOptions): Promise<void> {
  const { signal, onProgress } = options
  signal.throwIfAborted()
  onProgress?.(0, file.size)
  signal.throwIfAborted() // the application may have ended it just now
  const streamed = onProgress !== undefined && streamsWithLength()
  const response = await send(slot, streamed ? countedStream(file, onProgress) : file, file.size, options)
  const { status } = response
  response.body?.cancel().catch(() => {}) // nobody reads what it says
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    throw new UploadError('redirect', 'the service sent us somewhere else', { status: status || undefined })
  }
  if (!stored.has(status))
    throw new UploadError('refused', `the service answered with HTTP status ${status}`, { status })
  if (!streamed) onProgress?.(file.size, file.size)
}

async function send(
  { put, headers }: Slot,
  body: Blob | ReadableStream<Uint8Array>,
  size: number,
  { contentType, signal, fetch }: PutOptions,
): Promise<Response> {
  const isFile = 'size' in body
  const own: [string, string][] = [['Content-Type', contentType]]
  // Of a Blob the platform tells the length itself, and browsers would not let us.
  if (!isFile) own.push(['Content-Length', String(size)])
  try {
    return await fetch(put.href, {
      method: 'PUT',
      headers: [...headers.map(([name, value]): [string, string] => [name, value]), ...own],
      body: body as BodyInit,
      redirect: 'manual',
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal,
      ...(isFile ? {} : { duplex: 'half' as const }),
    })
  } catch (cause) {
    signal.throwIfAborted()
    throw new UploadError('not-sent', 'the file could not be sent', { cause })
  }
}
