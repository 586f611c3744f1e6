// The stages of `npm test`, in order. To add one, add an entry; its script prints a TALLY line (tally.mjs), or its
// exit code counts as one check.
import { pnpm } from './install.mjs'

const node = process.execPath
const script = (path, ...args) => [node, [path, ...args]]
const workspace = 'packages/workspace'
const covered = ['crypto', 'legacy', 'omemo2', 'wire'].map((folder) => `packages/omemo/src/${folder}/`)

/**
 * `command(root)` is what to run. `needed: true` ends the run when the stage fails. `limitMinutes` ends a stage that
 * hangs. `env` is added to the environment.
 */
export const stages = {
  install: {
    command: (root) => ['npx', pnpm(root, 'install', '--frozen-lockfile')],
    env: { CI: '1' },
    needed: true,
  },
  servers: { command: () => ['bash', ['packages/integration/servers/install.sh']] },
  build: { command: () => script(`${workspace}/build.mjs`, '--clean'), needed: true },
  lint: { command: () => script(`${workspace}/stages/lint.mjs`) },
  check: { command: () => script(`${workspace}/check.mjs`) },
  types: { command: () => script(`${workspace}/stages/type-check.mjs`) },
  unit: { command: () => script(`${workspace}/stages/tests.mjs`, `${workspace}/vitest.config.mjs`) },
  // The folders whose every branch is to be taken (vitest.config.mjs).
  coverage: {
    command: () => script(`${workspace}/stages/tests.mjs`, `${workspace}/vitest.config.mjs`, '--coverage', ...covered),
  },
  integration: {
    command: () => script(`${workspace}/stages/tests.mjs`, 'packages/integration/vitest.config.mjs'),
    limitMinutes: 18,
  },
  packages: { command: () => script(`${workspace}/stages/packages.mjs`) },
  consumers: { command: () => script('packages/integration/consumers/run.mjs') },
  docs: { command: () => script(`${workspace}/stages/docs.mjs`) },
  'node-versions': { command: () => script(`${workspace}/stages/node-versions.mjs`), limitMinutes: 15 },
  bench: { command: () => script('packages/bench/run.mjs', 'bench', '--short') },
  'bench-size': { command: () => script('packages/bench/run.mjs', 'bench', 'size', '--short') },
  fuzz: { command: () => script('packages/bench/run.mjs', 'fuzz', '--short') },
}

/** What each npm script runs before its own work. */
export const commands = {
  test: { stages: Object.keys(stages) },
  unit: { stages: ['install', 'unit'] },
  build: { stages: ['install', 'build'] },
  lint: { stages: ['install', 'lint', 'check'] },
  docs: { stages: ['install', 'build', 'docs'] },
  demo: { stages: ['install', 'build'], script: ['examples/demo/demo.mjs'] },
  'new-package': { stages: ['install'], script: [`${workspace}/new-package.mjs`] },
  bench: { stages: ['install', 'build'], script: ['packages/bench/run.mjs', 'bench'] },
  fuzz: { stages: ['install'], script: ['packages/bench/run.mjs', 'fuzz'] },
  soak: { stages: ['install', 'servers', 'build'], script: ['packages/integration/soak/run.mjs'] },
}
