/** A promise, and who settles it. A rejection nobody waits for is not reported as unhandled. */
export class Deferred<T> {
  /** The promise. */
  readonly promise: Promise<T>
  /** Fulfils it. */
  resolve!: (value: T) => void
  /** Rejects it. */
  reject!: (reason: unknown) => void

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    this.promise.catch(() => {})
  }
}

/** Calls back when the signal aborts, now if it has; returns what ends that. */
export function onAbort(signal: AbortSignal | undefined, call: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => {}
  const listener = (): void => call(signal.reason)
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

/** What a promise comes to, unless the signal aborts or the time is up before. @throws the signal's reason, or `late()` */
export async function until<T>(
  work: Promise<T>,
  ms: number,
  signals: readonly (AbortSignal | undefined)[],
  late: () => unknown,
): Promise<T> {
  work.catch(() => {}) // it may still fail when nobody waits for it any more
  const ended = new Deferred<never>()
  const timer = setTimeout(() => ended.reject(late()), ms)
  const cleanUps = signals.map((signal) => onAbort(signal, ended.reject))
  try {
    return await Promise.race([ended.promise, work])
  } finally {
    clearTimeout(timer)
    for (const cleanUp of cleanUps) cleanUp()
  }
}
