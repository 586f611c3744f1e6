import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const packages = fileURLToPath(new URL('..', import.meta.url))
const names = readdirSync(packages)

/** Tests run on the sources: `@couplet/x` is `packages/x/src/index.ts`, so no build is needed to run one. */
export const alias = [
  { find: '@couplet/client/elements', replacement: `${packages}client/src/elements.ts` },
  { find: '@couplet/client/core', replacement: `${packages}client/src/core.ts` },
  { find: '@couplet/stanza/stream-parser', replacement: `${packages}stanza/src/xml/stream-parser.ts` },
  { find: '@couplet/websocket/host-meta', replacement: `${packages}websocket/src/host-meta.ts` },
  { find: '#transports', replacement: `${packages}couplet/src/transports-node.ts` },
  { find: '#open-socket', replacement: `${packages}websocket/src/open-socket-node.ts` },
  { find: '#backend', replacement: `${packages}omemo/src/crypto/backend-node.ts` },
  { find: '#open-fetch', replacement: `${packages}bosh/src/open-fetch-node.ts` },
  { find: /^couplet$/, replacement: `${packages}couplet/src/index-node.ts` },
  ...names.map((name) => ({
    find: new RegExp(`^@couplet/${name}$`),
    replacement: `${packages}${name}/src/index.ts`,
  })),
]

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { alias },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'packages/integration/**'],
    typecheck: { enabled: false },
    restoreMocks: true,
    testTimeout: 20_000,
    // Vitest leaves one core alone, which is half of a small machine.
    maxWorkers: '100%',
    // With `--coverage`: the tests beside ratchet, key agreement, signatures and parsers take every branch of them.
    coverage: {
      provider: 'v8',
      include: ['packages/omemo/src/{crypto,legacy,omemo2,wire}/*.ts'],
      exclude: ['**/backend-node.ts'], // its branches are versions of Node
      thresholds: { branches: 100, functions: 100, lines: 100 },
      reporter: [['text', { skipFull: true }]],
      reportsDirectory: fileURLToPath(new URL('../../.cache/coverage', import.meta.url)),
    },
  },
})
