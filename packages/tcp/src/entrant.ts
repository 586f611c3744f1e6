import { isIP } from 'node:net'
import type { Family } from './addresses.js'
import type { Endpoint } from './endpoints.js'

/** How far an attempt got, by the phase of its error: the further, the more it tells. */
const progress: Readonly<Record<string, number>> = { dns: 1, tcp: 2, tls: 3 }

/** An endpoint in a race, with its addresses as they become known. */
export class Entrant {
  readonly endpoint: Endpoint
  readonly #waiting: Readonly<Record<Family, string[]>> = { 4: [], 6: [] }
  readonly #known = new Set<string>()
  readonly #unanswered = new Set<Family>([6, 4])
  /** The family whose turn it is: they alternate, IPv6 first (RFC 8305 §4). */
  #turn: Family = 6
  #error: unknown
  /** How many attempts run. */
  running = 0

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
  }

  /** Notes what came of one question. */
  answered(family: Family, addresses: readonly string[]): void {
    this.#unanswered.delete(family)
    for (const address of addresses) {
      const actual = isIP(address)
      if ((actual !== 4 && actual !== 6) || this.#known.has(address)) continue
      this.#known.add(address)
      this.#waiting[actual].push(address)
    }
  }

  /** Notes that a question or an attempt failed. */
  failed(error: unknown): void {
    if (this.#error === undefined || rank(error) > rank(this.#error)) this.#error = error
  }

  /** What went wrong, where it got furthest. */
  get error(): unknown {
    return this.#error
  }

  /** Whether there is an address to try. */
  get ready(): boolean {
    return this.#waiting[4].length + this.#waiting[6].length > 0
  }

  /** Whether answers are still to come. */
  get open(): boolean {
    return this.#unanswered.size > 0
  }

  /** Whether it has failed: nothing runs, and nothing is left. */
  get exhausted(): boolean {
    return this.running === 0 && !this.ready && !this.open
  }

  /** Whether an answer is still to come that would go before what there is. */
  get undecided(): boolean {
    return this.ready ? this.#waiting[this.#turn].length === 0 && this.#unanswered.has(this.#turn) : this.open
  }

  /** The next address. */
  take(): string | undefined {
    const family = this.#waiting[this.#turn].length > 0 ? this.#turn : other(this.#turn)
    const address = this.#waiting[family].shift()
    if (address !== undefined) this.#turn = other(family)
    return address
  }
}

const other = (family: Family): Family => (family === 6 ? 4 : 6)

const rank = (error: unknown): number => progress[(error as { readonly phase?: string } | undefined)?.phase ?? ''] ?? 0
