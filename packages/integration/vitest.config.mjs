import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { alias } from '../workspace/vitest.config.mjs'

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { alias },
  test: {
    include: ['packages/integration/{src,test}/**/*.test.ts'],
    globalSetup: ['packages/integration/src/global-setup.ts'],
    restoreMocks: true,
    testTimeout: 20_000,
  },
})
