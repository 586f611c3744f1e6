// Runs the tests against one mutant after the other, as the parent names them. Forked by suite.mjs.
import { createVitest } from 'vitest/node'
import { repositoryRoot } from '../../workspace/workspace.mjs'

const tests = JSON.parse(process.argv[2])
let mutant

/** Changes one place of one file on its way to the tests; nothing on disk is touched. */
const mutator = {
  name: 'mutator',
  enforce: 'pre',
  transform(code, id) {
    if (!mutant || id.split('?')[0] !== mutant.file) return undefined
    return { code: code.slice(0, mutant.start) + mutant.replacement + code.slice(mutant.end), map: null }
  },
}

/** Quick ones first: most mutants are noticed by them. */
const order = [
  'messages',
  'session-encoding',
  'ratchet-vectors',
  'protobuf',
  'x3dh',
  'ratchet',
  'misc-vectors',
  'identity',
]

class QuickFirst {
  shard(files) {
    return files
  }

  sort(files) {
    const rank = ({ moduleId }) => {
      const found = order.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return found < 0 ? order.length : found
    }
    return [...files].sort((a, b) => rank(a) - rank(b))
  }
}

const vitest = await createVitest(
  'test',
  {
    root: repositoryRoot,
    config: `${repositoryRoot}/packages/workspace/vitest.config.mjs`,
    watch: false,
    bail: 1,
    reporters: [{}],
    pool: 'threads',
    maxWorkers: 1,
    isolate: false,
    fileParallelism: false,
    sequence: { sequencer: QuickFirst },
  },
  { plugins: [mutator] },
)

async function run() {
  const specifications = await vitest.globTestSpecifications(tests)
  vitest.state.filesMap.clear()
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, true)
  return testModules.every((module) => module.ok()) && testModules.length > 0 && unhandledErrors.length === 0
}

process.on('message', async (next) => {
  const before = mutant
  mutant = next ?? undefined
  for (const changed of [before, mutant]) if (changed) vitest.invalidateFile(changed.file)
  try {
    process.send({ passed: await run() })
  } catch {
    process.send({ passed: false })
  }
})
process.send('ready')
