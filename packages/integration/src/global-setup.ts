import type { TestProject } from 'vitest/node'
import { type LabInfo, startLab } from './lab.js'
import { type ServerName, serverNames } from './server-catalog.js'

declare module 'vitest' {
  /** What every test file of this package is given; see shared-lab.ts. */
  export interface ProvidedContext {
    lab: LabInfo
  }
}

/** `COUPLET_SERVERS_ONLY=p13,ej24` runs the tests on these servers only. */
const chosenServers = (): readonly ServerName[] => {
  const only = process.env.COUPLET_SERVERS_ONLY?.split(/[ ,]+/).filter(Boolean)
  if (!only?.length) return serverNames
  const unknown = only.filter((name) => !serverNames.some((known) => known === name))
  if (unknown.length > 0) throw new RangeError(`COUPLET_SERVERS_ONLY knows ${serverNames.join(', ')}; not ${unknown}`)
  return serverNames.filter((name) => only.includes(name))
}

/** Starts the servers that all test files share, once per run; returns what ends them. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const lab = await startLab(chosenServers())
  project.provide('lab', lab.info())
  return () => lab.stop()
}
