import { readFile } from 'node:fs/promises'
import type { Guard } from './guard.js'
import { type Command, type ProcessGroup, spawnGroup } from './process-group.js'
import { waitUntil } from './wait-until.js'

const startDeadlineMs = 30_000

/** What to start and how to know that it serves. */
export interface Service<T> {
  readonly command: Command
  readonly logFile: string
  /** Something true once the service is ready; asked every 20 ms. */
  ready(): Promise<T | undefined | false>
}

/** A started service and its first true answer. */
export interface Started<T> {
  readonly group: ProcessGroup
  readonly answer: T
}

/** Starts and stops the processes of one lab; whatever it started is known to the guard. */
export class Supervisor {
  readonly #guard: Guard
  readonly #running = new Set<ProcessGroup>()
  #closed = false

  constructor(guard: Guard) {
    this.#guard = guard
  }

  /** Resolves when the service is ready; rejects with the end of its log if it ends first or takes over 30 s. */
  async start<T>(service: Service<T>): Promise<Started<T>> {
    if (this.#closed || this.#guard.ended()) throw new Error('the lab has been stopped')
    const group = await spawnGroup(service.command, service.logFile)
    this.#guard.started(group.id)
    this.#running.add(group)
    const ready = async () => {
      if (!group.alive()) throw new Error('it ended')
      return service.ready()
    }
    try {
      const answer = await waitUntil(ready, { what: service.command.file, deadlineMs: startDeadlineMs })
      return { group, answer: answer as T }
    } catch (cause) {
      const log = (await readFile(service.logFile, 'utf8')).split('\n').slice(-20).join('\n')
      throw new Error(`cannot start ${service.command.file}: ${(cause as Error).message}\n${log}`, { cause })
    }
  }

  /** Stops one service: SIGTERM, and SIGKILL after `graceMs`. */
  async stop(group: ProcessGroup, graceMs: number): Promise<void> {
    await group.stop(graceMs)
    this.#running.delete(group)
    this.#guard.stopped(group.id)
  }

  /** Stops everything, and starts nothing any more. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#running].map((group) => this.stop(group, graceMs)))
  }
}
