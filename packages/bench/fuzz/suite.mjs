import { Worker } from 'node:worker_threads'
import { targets } from './targets.mjs'

/** Milliseconds in which a case has to end; the largest takes a few. */
const hangLimit = 20_000

/** Cases of the short form, where they are not 10,000: what guards keys has more. */
const shortCases = { omemo: 100_000 }

/** Runs one target; resolves with its failures. A case that does not end is one of them. */
function runTarget(target, seed, cases) {
  const progress = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('./fuzz-worker.mjs', import.meta.url), {
    workerData: { target, seed, cases, progress },
  })
  return new Promise((resolve, reject) => {
    let last = -1
    const watch = setInterval(() => {
      const now = Atomics.load(progress, 0)
      if (now !== last || now === 0) last = now
      else finish([{ seed: seed + now - 1, message: `did not end within ${hangLimit / 1000} s` }])
    }, hangLimit)
    const finish = (failures) => {
      clearInterval(watch)
      resolve(failures)
      void worker.terminate()
    }
    worker.on('message', finish)
    worker.on('error', (error) => {
      clearInterval(watch)
      reject(error)
    })
  })
}

/** Fuzzes every target. Returns how many held and how many did not. */
export async function fuzz({ short, seed: givenSeed, cases: givenCases }) {
  const seed = Number(givenSeed ?? 1)
  let failed = 0
  for (const target of Object.keys(targets)) {
    const cases = Number(givenCases ?? (short ? (shortCases[target] ?? 10_000) : 200_000))
    const start = performance.now()
    const failures = await runTarget(target, seed, cases)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${target}: ${cases} cases from seed ${seed} in ${seconds} s, ${failures.length || 'no'} failures`)
    for (const failure of failures) console.log(`seed ${failure.seed}: ${failure.message}`)
    if (failures.length > 0) failed++
  }
  return { passed: Object.keys(targets).length - failed, failed }
}
