/** Conversations whose handlers may run at the same time. */
const defaultLimit = 16

/** What is to be done for one conversation; a promise keeps the lane busy. */
type Task = () => Promise<void> | undefined

/**
 * Runs tasks one after the other within a lane, and several lanes at the same time: messages of a conversation are handled
 * in their order however long each takes, and a slow conversation holds no other one up.
 */
export class Lanes {
  readonly #limit: number
  readonly #busy = new Map<string, (() => void)[]>()
  /** Lanes that have not begun, because too many run. */
  readonly #ready: { readonly lane: string; readonly start: () => void }[] = []
  #running = 0
  #isStarting = false
  #waiting = 0
  readonly #changed: () => void

  /** @param changed called when the number of waiting tasks has become smaller */
  constructor(changed: () => void = () => {}, limit: number = defaultLimit) {
    this.#changed = changed
    this.#limit = limit
  }

  /** How many tasks wait for their turn. */
  get waiting(): number {
    return this.#waiting
  }

  /** Runs a task when it is its turn, at once if possible. @returns when it is done, if not at once */
  run(lane: string, task: Task): Promise<void> | undefined {
    const queue = this.#busy.get(lane)
    if (queue === undefined && this.#running < this.#limit) return this.#begin(lane, task)
    this.#waiting++
    return new Promise((resolve) => {
      const start = (): void => {
        this.#waiting--
        const running = this.#begin(lane, task)
        if (running === undefined) resolve()
        else void running.then(resolve)
        this.#changed()
      }
      if (queue !== undefined) queue.push(start)
      else {
        this.#busy.set(lane, [])
        this.#ready.push({ lane, start })
      }
    })
  }

  #begin(lane: string, task: Task): Promise<void> | undefined {
    if (!this.#busy.has(lane)) this.#busy.set(lane, [])
    this.#running++
    const running = task()
    if (running !== undefined) return running.then(() => this.#end(lane))
    this.#end(lane)
    return undefined
  }

  #end(lane: string): void {
    this.#running--
    const queue = this.#busy.get(lane) as (() => void)[]
    const next = queue.shift()
    if (next !== undefined) this.#ready.push({ lane, start: next })
    else this.#busy.delete(lane)
    this.#startReady()
  }

  #startReady(): void {
    if (this.#isStarting) return // by a task that ended at once; deep in its call, thousands would not fit on the stack
    this.#isStarting = true
    while (this.#running < this.#limit) {
      const ready = this.#ready.shift()
      if (ready === undefined) break
      ready.start()
    }
    this.#isStarting = false
  }
}
