/**
 * Who may work on what, in this process: whoever has taken a scope keeps the others out until it is given back. Several are
 * taken at once or not at all, and in the order of the calls, so that nobody waits for somebody who waits for them.
 */
export class ScopeQueue {
  /** For each scope, when the last one who asked for it is done. */
  readonly #tails = new Map<string, Promise<void>>()

  /** Resolves with what gives the scopes back. */
  async take(scopes: Iterable<string>): Promise<() => void> {
    const wanted = [...new Set(scopes)]
    let release: () => void = () => {}
    const done = new Promise<void>((resolve) => {
      release = resolve
    })
    const before = wanted.flatMap((scope) => this.#tails.get(scope) ?? [])
    for (const scope of wanted) this.#tails.set(scope, done)
    await Promise.all(before)
    return () => {
      for (const scope of wanted) if (this.#tails.get(scope) === done) this.#tails.delete(scope)
      release()
    }
  }
}
