import { onAbort } from './on-abort.js'

/** The outcome of something that cannot be stopped, unless the signal aborts first. @throws the signal's reason */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {}) // it may still fail when nobody waits for it any more
  signal.throwIfAborted()
  let forget = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => reject(signal.reason))
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    forget()
  }
}
