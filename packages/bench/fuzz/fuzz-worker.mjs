// Runs the cases of one target, and tells the main thread after each that it is alive.
import { parentPort, workerData } from 'node:worker_threads'
import { seededRandom } from '../seeded-random.mjs'
import { loadSources } from './load-sources.mjs'
import { targets } from './targets.mjs'

const { target, seed, cases, progress } = workerData
const runCase = targets[target](await loadSources())
const failures = []
for (let i = 0; i < cases && failures.length < 5; i++) {
  Atomics.store(progress, 0, i + 1)
  try {
    // A seed for each case, so that one alone can be repeated: --seed S+I --cases 1.
    runCase(seededRandom(seed + i))
  } catch (error) {
    failures.push({ seed: seed + i, message: error.stack ?? String(error) })
  }
}
parentPort.postMessage(failures)
