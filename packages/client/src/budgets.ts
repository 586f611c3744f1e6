/** How often something may happen: `times` within `window` ms, or between two connections that lasted for 60 s. */
interface Budget {
  readonly times: number
  readonly window?: number
}

const budgets = {
  /** Table 3.3: at most 3 reconnects in 5 min after errors in our XML, or in the server's negotiation. */
  protocol: { times: 3, window: 300_000 },
  /** The same for what we could not read; after that it goes on slowly, since a stranger may have written it. */
  inbound: { times: 3, window: 300_000 },
  /** One reconnect after an address the server objects to. */
  addressing: { times: 1 },
  /** One new login after the server has forgotten the first. */
  login: { times: 1 },
  /** One new resource an hour: two clients that drive each other out must not do so for ever (S-161). */
  conflict: { times: 1, window: 3_600_000 },
  /** RFC 6120 §4.9.3.19 wants an end to redirections. */
  redirect: { times: 5 },
} as const satisfies Record<string, Budget>

/** Something of which there is only so much. */
export type BudgetName = keyof typeof budgets

/** What was already used of each budget. */
export class Budgets {
  readonly #now: () => number
  readonly #spent = new Map<BudgetName, number[]>()

  /** @param now milliseconds on a clock that never jumps */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Uses up one of what is allowed; false if there is none left. */
  spend(name: BudgetName): boolean {
    const { times, window = Number.POSITIVE_INFINITY }: Budget = budgets[name]
    const now = this.#now()
    const recent = (this.#spent.get(name) ?? []).filter((then) => now - then < window)
    this.#spent.set(name, recent)
    if (recent.length >= times) return false
    recent.push(now)
    return true
  }

  /** A connection lasted: what has no window of its own begins again. */
  settle(): void {
    for (const name of this.#spent.keys()) {
      const { window }: Budget = budgets[name]
      if (window === undefined) this.#spent.delete(name)
    }
  }

  /** Everything begins again. */
  reset(): void {
    this.#spent.clear()
  }
}
