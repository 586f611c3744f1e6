import type { Transport } from '@couplet/client'
import type { FetchOptions, HttpFetch } from './open-fetch.js'

/** Options of {@link bosh}. */
export interface BoshOptions extends FetchOptions {
  /** How requests are made, those for host-meta too; default: the platform's `fetch`, in Node a client that knows `ca`. */
  readonly fetch?: HttpFetch | undefined
  /** Seconds that the server may hold a request, up to 600; default 60. 0 asks again and again instead. */
  readonly wait?: number | undefined
  /** Requests that the server may hold, 0 or 1; default 1. 0 asks again and again instead. */
  readonly hold?: 0 | 1 | undefined
}

/** Seconds; proxies give up long before. */
const longestWait = 600

/**
 * XMPP over BOSH (XEP-0124, XEP-0206), the same in browsers and Node: long polling for where nothing else gets through.
 * The endpoint is found by XEP-0156, or given as `service`.
 *
 * @throws RangeError for `wait` or `hold` out of range
 * @example
 * ```ts
 * import { createClient } from '@couplet/client'
 * import { bosh } from '@couplet/bosh'
 *
 * const client = createClient({ jid: 'me@example.org', password: 'secret', transports: [bosh()] })
 * ```
 */
export function bosh(options: BoshOptions = {}): Transport {
  const { wait = 0, hold = 0 } = options
  if (!Number.isInteger(wait) || wait < 0 || wait > longestWait) {
    throw new RangeError(`wait is a whole number of seconds up to ${longestWait}`)
  }
  if (hold !== 0 && hold !== 1) throw new RangeError('hold is 0 or 1')
  return {
    name: 'bosh',
    // `http` to say why not, instead of nothing.
    schemes: ['https', 'http'],
    // A page shows something before it connects: what that takes is not in its first chunk.
    connect: async (target) => (await import('./reach.js')).reach(target, options),
  }
}
