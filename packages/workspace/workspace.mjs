import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout this script lives in. */
export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url))

const skippedFolders = new Set(['node_modules', 'dist', '.cache'])

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Every file under `folder` as a path relative to it with forward slashes, sorted; build output is left out. */
export function listFiles(folder, base = folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : listFiles(path, base)
      return [relative(base, path).replaceAll('\\', '/')]
    })
    .sort()
}

function loadPackage(root, group, folder) {
  const directory = join(root, group, folder)
  const manifest = readJson(join(directory, 'package.json'))
  return {
    folder,
    directory,
    path: `${group}/${folder}`,
    name: manifest.name,
    manifest,
    floor: manifest.xmpp?.floor,
    xeps: manifest.xmpp?.xeps ?? [],
    publishable: manifest.private !== true,
  }
}

/** Every package of one group (`packages` or `examples`). A folder without package.json is not a package. */
export function loadPackages(root = repositoryRoot, group = 'packages') {
  const parent = join(root, group)
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .sort()
    .filter((folder) => existsSync(join(parent, folder, 'package.json')))
    .map((folder) => loadPackage(root, group, folder))
}

export function isTestFile(path) {
  return /\.(test|test-d|bench)\.ts$/.test(path) || /^(test|fixtures)\//.test(path)
}

/** The TypeScript sources a package publishes, relative to the package: `src/**` without tests. */
export function sourceFiles(pkg) {
  return listFiles(join(pkg.directory, 'src'), pkg.directory).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !isTestFile(path),
  )
}
