/** Whom to tell, by signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls the handler when the signal aborts. However many wait for one signal, it has one listener: Node warns of a leak when
 * there are more than ten, and a client asks more at once than that.
 *
 * @returns what takes it back
 */
export function onAbort(signal: AbortSignal, handler: () => void): () => void {
  const own = (): void => handler() // the same function may wait twice
  const known = waiting.get(signal)
  const handlers = known ?? new Set()
  handlers.add(own)
  if (known === undefined) {
    waiting.set(signal, handlers)
    signal.addEventListener('abort', tellAll, { once: true })
  }
  return () => {
    if (!handlers.delete(own) || handlers.size > 0) return
    waiting.delete(signal)
    signal.removeEventListener('abort', tellAll)
  }
}

function tellAll(this: AbortSignal): void {
  const handlers = waiting.get(this) ?? []
  waiting.delete(this)
  for (const handler of handlers) handler()
}
