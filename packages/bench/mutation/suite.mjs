import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { repositoryRoot } from '../../workspace/workspace.mjs'
import { seededRandom } from '../seeded-random.mjs'
import { mutantsOf } from './mutants.mjs'

const source = 'packages/omemo/src'
/** What has to be right in every place: ratchet, key agreement, signatures, parsers, records. */
const files = [
  'crypto/ratchet.ts',
  'crypto/receiving-chain.ts',
  'crypto/message-keys.ts',
  'crypto/root-chain.ts',
  'crypto/session.ts',
  'crypto/session-encoding.ts',
  'crypto/x3dh.ts',
  'crypto/xeddsa.ts',
  'crypto/identity.ts',
  'crypto/identity-signature.ts',
  'crypto/protobuf.ts',
  'crypto/scalar.ts',
  'legacy/profile.ts',
  'legacy/payload.ts',
  'omemo2/profile.ts',
  'omemo2/payload.ts',
].map((file) => join(repositoryRoot, source, file))
const tests = [`${source}/crypto/`]

/** Milliseconds; a mutant that runs for ever is found out, too. */
const limit = 240_000

/** The process that runs the tests, replaced when it hangs. */
class Runner {
  #child

  async #start() {
    this.#child = fork(new URL('./mutation-process.mjs', import.meta.url), [JSON.stringify(tests)], { silent: true })
    await this.#next()
  }

  #next() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), limit)
      const settle = (value) => {
        clearTimeout(timer)
        this.#child.off('message', settle)
        this.#child.off('exit', onExit)
        resolve(value)
      }
      const onExit = () => settle(undefined)
      this.#child.on('message', settle)
      this.#child.on('exit', onExit)
    })
  }

  /** `passed`, `killed`, or `hung`. */
  async run(mutant) {
    if (!this.#child) await this.#start()
    this.#child.send(mutant ?? null)
    const answer = await this.#next()
    if (answer === undefined) {
      this.stop()
      return 'hung'
    }
    return answer.passed ? 'passed' : 'killed'
  }

  stop() {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }
}

function sample(mutants, { cases, seed }) {
  if (cases === undefined) return mutants
  const random = seededRandom(Number(seed ?? 1))
  const keyed = mutants.map((mutant) => ({ mutant, key: random.hex(12) }))
  return keyed
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, Number(cases))
    .map(({ mutant }) => mutant)
}

/** Breaks OMEMO's cryptography in one place after the other, and prints what no test noticed. `cases` takes a sample. */
export async function mutation(options) {
  const all = files.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')))
  const chosen = sample(all, options)
  const runner = new Runner()
  const survivors = []
  let killed = 0
  try {
    if ((await runner.run()) !== 'passed') throw new Error('the tests fail without a mutant')
    for (const [index, mutant] of chosen.entries()) {
      if (index > 0 && index % 10 === 0) console.log(`${index} of ${chosen.length}, ${killed} noticed`)
      if ((await runner.run(mutant)) === 'passed') {
        survivors.push(mutant)
        const { file, line, original, replacement } = mutant
        console.log(`survived: ${relative(repositoryRoot, file)}:${line}: ${original} → ${replacement || 'nothing'}`)
      } else killed++
    }
  } finally {
    runner.stop()
  }
  const score = (100 * killed) / chosen.length
  console.log(
    `${chosen.length} of ${all.length} mutants, ${killed} noticed, ${survivors.length} not: ${score.toFixed(1)} %`,
  )
  return { passed: score >= 90 ? 1 : 0, failed: score >= 90 ? 0 : 1 }
}
