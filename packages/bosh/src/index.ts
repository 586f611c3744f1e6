/**
 * XMPP over HTTP long polling for browsers and Node.
 * XEP-0124: Bidirectional-streams Over Synchronous HTTP (BOSH) (1.11.2).
 * XEP-0156: Discovering Alternative XMPP Connection Methods (1.4.0).
 * XEP-0206: XMPP Over BOSH (1.4).
 *
 * @module
 */
export { type BoshOptions, bosh } from './bosh.js'
export type { FetchOptions, HttpFetch, HttpRequest } from './open-fetch.js'
