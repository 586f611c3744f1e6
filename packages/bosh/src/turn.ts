/** Runs something when this turn of the event loop is over; sooner where only a timer could tell, which sleeps with the page. */
export function afterTurn(work: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(work)
  else queueMicrotask(work)
}
