import { sharedLab } from '../../src/shared-lab.js'
import { liveTarget, type Target } from '../conformance/targets.js'

const all = sharedLab().servers.map(liveTarget)
const modern = all.filter(({ name }) => name === 'p13' || name === 'ej24')

/**
 * The servers of these tests: the older Prosody only if no other one runs, as nothing about nodes is different there. The
 * loopback server has no nodes.
 */
export const servers: readonly Target[] = modern.length > 0 ? modern : all
