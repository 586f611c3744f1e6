import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerSetup } from './driver.js'
import { driverOf, type LabServer, labServer } from './lab-server.js'
import type { Started, Supervisor } from './supervisor.js'

/** A server of one's own, with what would disturb everybody else who uses it. */
export interface OwnServer extends LabServer {
  /** Freezes the server: connections stay open, the kernel accepts more, nothing is answered. Resolves when frozen. */
  pause(): Promise<void>
  /** Ends {@link OwnServer.pause}. */
  resume(): void
  /** Stops and starts the server on the same data and address. Resolves when it is ready again. */
  restart(): Promise<void>
  /** Stops the server; connections to it are refused until {@link OwnServer.restart}. */
  shutDown(): Promise<void>
}

/** Patience for a server that writes its data to disk at the end; what it wrote is used again by restart(). */
const graceMs = 10_000

/** Configures and starts a server; resolves when it is ready. */
export const startServer = async (setup: ServerSetup, supervisor: Supervisor): Promise<OwnServer> => {
  const driver = driverOf(setup)
  await mkdir(setup.folder, { recursive: true })
  const command = await driver.prepare(setup)
  const service = { command, logFile: join(setup.folder, 'server.log'), ready: () => driver.ready(setup) }
  const begin = performance.now()
  let current: Started<string> | undefined = await supervisor.start(service)
  const startMs = Math.round(performance.now() - begin)
  const { logLevel: _level, federation: _federation, ...known } = setup
  const shutDown = async () => {
    if (current) await supervisor.stop(current.group, graceMs)
    current = undefined
  }
  return {
    ...labServer({ ...known, version: current.answer, startMs }),
    pause: async () => current?.group.pause(),
    resume: () => current?.group.resume(),
    shutDown,
    restart: async () => {
      await shutDown()
      current = await supervisor.start(service)
    },
  }
}
