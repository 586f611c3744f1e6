/** What has happened, and a promise for the first that is like this. */
export interface Log<T> {
  readonly all: readonly T[]
  add(entry: T): void
  /** Resolves with the first entry that is like this; it may have been there before. */
  until(isIt: (entry: T) => boolean): Promise<T>
  /** Resolves with all entries when there are that many. */
  count(many: number): Promise<readonly T[]>
}

/** An empty log. */
export const logOf = <T>(): Log<T> => {
  const all: T[] = []
  const checks = new Set<() => void>()
  const when = <R>(result: () => R | undefined): Promise<R> =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = result()
        if (found === undefined) return
        checks.delete(check)
        resolve(found)
      }
      checks.add(check)
      check()
    })
  return {
    all,
    add(entry) {
      all.push(entry)
      for (const check of [...checks]) check()
    },
    until: (isIt) => when(() => all.find(isIt)),
    count: (many) => when(() => (all.length >= many ? all : undefined)),
  }
}
