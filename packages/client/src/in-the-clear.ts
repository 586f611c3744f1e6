const errors = new WeakSet<object>()

/** Notes that an error is what somebody said, or did, before TLS was on: it may be anybody's word. */
export function noteInTheClear(error: unknown): void {
  if (typeof error === 'object' && error !== null) errors.add(error)
}

/** Whether an error was noted by {@link noteInTheClear}. */
export const wasInTheClear = (error: object): boolean => errors.has(error)
