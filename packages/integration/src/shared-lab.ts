import { inject } from 'vitest'
import type {} from './global-setup.js'
import type { LabInfo } from './lab.js'
import { type LabServer, labServer } from './lab-server.js'

/**
 * The servers of this test run, which all test files use at the same time: create users and rooms with random names,
 * and disturb nobody. Tests that freeze or restart a server start one of their own with `startLab`.
 */
export const sharedLab = (): Omit<LabInfo, 'servers'> & { readonly servers: readonly LabServer[] } => {
  const info = inject('lab')
  return { ...info, servers: info.servers.map(labServer) }
}
