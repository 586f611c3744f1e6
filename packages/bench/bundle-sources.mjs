import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { repositoryRoot } from '../workspace/workspace.mjs'

/** `@couplet/x` is the source of x: what is measured or fuzzed is what is in the editor, built or not. */
const workspaceSources = {
  name: 'workspace-sources',
  setup(run) {
    run.onResolve({ filter: /^@couplet\/[a-z-]+$/ }, ({ path }) => ({
      path: join(repositoryRoot, 'packages', path.slice('@couplet/'.length), 'src/index.ts'),
    }))
  },
}

/** Bundles what this text imports from the root of the repository; returns the file, in a folder of its own below `.cache`. */
export async function bundleSources(name, contents) {
  const cache = join(repositoryRoot, '.cache')
  mkdirSync(cache, { recursive: true })
  const outfile = join(mkdtempSync(join(cache, `${name}-`)), 'sources.mjs')
  await build({
    stdin: { contents, resolveDir: repositoryRoot, loader: 'ts' },
    plugins: [workspaceSources],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    outfile,
  })
  return outfile
}
