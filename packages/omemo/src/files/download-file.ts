import { OmemoError } from '../omemo-error.js'
import { httpsUrl, type SharedFile } from './aesgcm-url.js'
import { type DecryptOptions, decryptFile, decryptUnverified } from './decrypt-file.js'

/** What makes the request; the platform's `fetch` is one. */
export type GetFetch = (url: string, init: RequestInit) => Promise<Response>

/** How a file is fetched. */
export interface DownloadOptions extends DecryptOptions {
  /** Makes the request; default the platform's. */
  readonly fetch?: GetFetch
  /** Whether to fetch from there at all: the address is the sender's choice, who sees ours then. Default any https. */
  readonly allow?: (url: URL) => boolean
}

/**
 * Fetches and decrypts a file, and hands it over once it is known to be the right one; see `decryptFile`. The key stays here:
 * neither the request nor an error has it (OMEMO S26). No cookies, no referrer, no redirect.
 *
 * @throws OmemoError (as a rejection) `bad-file-url`, `file-unavailable`, and what `decryptFile` does; rejects with
 * `signal.reason`
 */
export async function downloadFile(file: SharedFile, options: DownloadOptions = {}): Promise<Blob> {
  return decryptFile(await fetchEncrypted(file, options), file.secret, options)
}

/** The same as a stream, for files that do not fit into memory; see `decryptUnverified` for what it means. */
export async function downloadUnverified(
  file: SharedFile,
  options: DownloadOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  return decryptUnverified(await fetchEncrypted(file, options), file.secret, options)
}

async function fetchEncrypted({ url }: SharedFile, options: DownloadOptions): Promise<ReadableStream<Uint8Array>> {
  const { signal, allow } = options
  signal?.throwIfAborted()
  const address = httpsUrl(url)
  if (allow?.(new URL(address)) === false) throw new OmemoError('bad-file-url')
  const response = await get(address, options)
  if (response.ok && response.body !== null) return response.body
  await response.body?.cancel().catch(() => {})
  throw new OmemoError('file-unavailable')
}

async function get(address: string, { fetch = globalThis.fetch, signal }: DownloadOptions): Promise<Response> {
  try {
    return await fetch(address, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      // One could lead to http:, or into the network of whoever fetches it.
      redirect: 'error',
      ...(signal && { signal }),
    })
  } catch (cause) {
    signal?.throwIfAborted()
    throw new OmemoError('file-unavailable', { cause })
  }
}
