import { sharedLab } from '../../src/shared-lab.js'
import { liveTarget, type Target } from '../conformance/targets.js'

/** The servers of these tests: nothing about nodes is different on the older Prosody, and the loopback one has none. */
export const servers: readonly Target[] = sharedLab()
  .servers.filter(({ name }) => name === 'p13' || name === 'ej24')
  .map(liveTarget)
