import { OmemoError } from '../omemo-error.js'
import { httpsUrl, type SharedFile } from './aesgcm-url.js'
import { type DecryptOptions, decryptFile, decryptUnverified } from './decrypt-file.js'

/** What makes the request; the platform's `fetch` is one. */
export type GetFetch = (url: string, init: RequestInit) => Promise<Response>

/** How a file is fetched. */
export interface DownloadOptions extends DecryptOptions {
  /** Makes the request; default the platform's. */
  readonly fetch?: GetFetch
  /**
   * Whether to fetch from there at all, for which it says `true`: the address is the sender's choice, who sees ours then.
   * Default any https but `localhost` and numeric addresses that are not public; names are not resolved.
   */
  readonly allow?: (url: URL) => boolean
  /** Milliseconds for all of it; default five minutes. */
  readonly timeout?: number
}

const longest = 300_000

/**
 * Fetches and decrypts a file, and hands it over once it is known to be the right one; see `decryptFile`. The key stays here:
 * neither the request nor an error has it (OMEMO S26). No cookies, no referrer, no redirect.
 *
 * @throws OmemoError (as a rejection) `bad-file-url`, `file-unavailable`, and what `decryptFile` does; rejects with
 * `signal.reason`
 */
export async function downloadFile(file: SharedFile, options: DownloadOptions = {}): Promise<Blob> {
  const limited = withDeadline(options)
  try {
    return await decryptFile(await fetchEncrypted(file, limited), file.secret, limited)
  } catch (cause) {
    if (options.signal?.aborted || cause instanceof OmemoError) throw cause
    // The time is over, or the connection broke.
    throw new OmemoError('file-unavailable', { cause })
  }
}

/**
 * The same as a stream, for files that do not fit into memory; see `decryptUnverified` for what it means. After its time the
 * stream fails with a `TimeoutError`.
 */
export async function downloadUnverified(
  file: SharedFile,
  options: DownloadOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  const limited = withDeadline(options)
  return decryptUnverified(await fetchEncrypted(file, limited), file.secret, limited)
}

/** Whoever has shared the file says where it is: that server may answer as slowly as it likes. */
function withDeadline<T extends DownloadOptions>({ signal, ...options }: T) {
  const deadline = AbortSignal.timeout(options.timeout ?? longest)
  return { ...options, signal: signal ? AbortSignal.any([signal, deadline]) : deadline }
}

async function fetchEncrypted({ url }: SharedFile, options: DownloadOptions): Promise<ReadableStream<Uint8Array>> {
  const { signal, allow } = options
  signal?.throwIfAborted()
  const address = httpsUrl(url)
  const target = new URL(address)
  if (allow === undefined ? !isPublic(target.hostname) : allow(target) !== true) throw new OmemoError('bad-file-url')
  const response = await get(address, options)
  if (response.ok && response.body !== null) return response.body
  await response.body?.cancel().catch(() => {})
  throw new OmemoError('file-unavailable')
}

/** Whether an address is global unicast, as far as it says so itself (IANA special-purpose registries). */
function isPublic(hostname: string): boolean {
  // Of IPv6 only 2000::/3 is, and in there what leads to IPv4 is not.
  if (hostname.startsWith('[')) return /^\[[23][0-9a-f]{3}:/.test(hostname) && !/^\[200(?:2|1:0?):/.test(hostname)
  if (!/^[\d.]+$/.test(hostname)) return !/(?:^|\.)localhost\.?$/.test(hostname)
  const [a = 0, b = 0] = hostname.split('.').map(Number)
  if ([0, 10, 127].includes(a) || a >= 224) return false
  if (a === 100) return b < 64 || b > 127
  if (a === 172) return b < 16 || b > 31
  return !['169.254.', '192.0.0.', '192.168.', '198.18.', '198.19.'].some((prefix) => hostname.startsWith(prefix))
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
