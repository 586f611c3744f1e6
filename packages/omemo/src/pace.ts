/** Milliseconds of work after which everybody else gets a turn: half of what a page has for a frame. */
const share = 8

/** Another task of the event loop. Timers of a page that nobody looks at wait for a second or a minute; this does not. */
const nextTask = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof MessageChannel === 'undefined') {
      setTimeout(resolve, 0) // React Native
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })

/** Long work that is done in pieces, so that a page does not stand still. It begins now. */
export class Pace {
  #since = performance.now()

  /** Lets others have their turn, if this has had its share. */
  async pause(): Promise<void> {
    if (performance.now() - this.#since < share) return
    await nextTask()
    this.#since = performance.now()
  }
}
