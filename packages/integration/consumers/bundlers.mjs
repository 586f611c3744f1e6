// The browser client by three bundlers, each with its own defaults: `{ name: (folder, entry) => path of the bundle }`.
import { join } from 'node:path'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import webpack from 'webpack'

const withWebpack = (options) =>
  new Promise((resolve, reject) => {
    const compiler = webpack(options)
    compiler.run((error, stats) => {
      const problem =
        error ?? (stats?.hasErrors() || stats?.hasWarnings() ? new Error(stats.toString('errors-warnings')) : undefined)
      compiler.close(() => (problem ? reject(problem) : resolve()))
    })
  })

export const bundlers = {
  async esbuild(folder, entry) {
    const outdir = join(folder, 'out-esbuild')
    await esbuild({
      entryPoints: [entry],
      absWorkingDir: folder,
      outdir,
      bundle: true,
      minify: true,
      splitting: true,
      format: 'esm',
      logLevel: 'error',
    })
    return join(outdir, 'browser-client.js')
  },

  async vite(folder, entry) {
    const outDir = join(folder, 'out-vite')
    await vite({
      root: folder,
      configFile: false,
      logLevel: 'error',
      build: { outDir, lib: { entry, formats: ['es'], fileName: 'browser-client' } },
    })
    return join(outDir, 'browser-client.js')
  },

  async webpack(folder, entry) {
    const path = join(folder, 'out-webpack')
    await withWebpack({
      mode: 'production',
      target: 'web',
      context: folder,
      entry,
      experiments: { outputModule: true },
      performance: false,
      output: { path, filename: 'browser-client.js', library: { type: 'module' }, publicPath: '' },
    })
    return join(path, 'browser-client.js')
  },
}
