// Type-checks what the build leaves out: tests, type tests, examples, and the code in READMEs, docs and doc comments.
// One program over the sources; nothing has to be built. The packages as consumers see them: stages/packages.mjs.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { readWorkspace } from '../check.mjs'
import { listFiles, repositoryRoot, sourceFiles } from '../workspace.mjs'
import { snippetsOf } from './snippets.mjs'
import { printTally } from './tally.mjs'

/** `@couplet/x` and its subpaths → sources, so tests and sources see the same classes. */
export function sourcePaths(packages) {
  const paths = {}
  for (const pkg of packages) {
    if (pkg.floor === 'tool') continue
    for (const [subpath, target] of Object.entries(pkg.manifest.exports ?? { '.': './dist/index.js' })) {
      // Everything here runs in Node, so the entry for Node is the one to check against.
      const entry = target.node ?? target
      const types = typeof entry === 'string' ? entry : (entry.types ?? entry.default)
      if (typeof types !== 'string' || !types.includes('dist/')) continue
      const source = types.replace('./dist/', 'src/').replace(/(\.d\.ts|\.js)$/, '.ts')
      paths[pkg.name + subpath.slice(1)] = [join(pkg.directory, source)]
    }
  }
  return paths
}

/** Writes every snippet as a module of its own: `[{ file, title }]`. */
function writeSnippets({ root, packages, markdown }) {
  const folder = join(root, '.cache/snippets')
  rmSync(folder, { recursive: true, force: true })
  const sources = packages.flatMap((pkg) => sourceFiles(pkg).map((path) => `${pkg.path}/${path}`))
  return [...markdown, ...sources].flatMap((path) =>
    snippetsOf(join(root, path)).map(({ line, code }) => {
      const file = join(folder, dirname(path), `${basename(path).replaceAll('.', '-')}-${line}.ts`)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${code}\nexport {}\n`)
      return { file, title: `${path}:${line}` }
    }),
  )
}

function options(root, packages) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile)
  const { composite, incremental, declaration, declarationMap, emitDeclarationOnly, ...rest } = config.compilerOptions
  const compilerOptions = {
    ...rest,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    types: ['node'],
    paths: sourcePaths(packages),
  }
  return ts.convertCompilerOptionsFromJson(compilerOptions, root).options
}

/** `[{ title, files }]`: each group is one check. */
function groups(workspace) {
  const { packages, examples } = workspace
  const own = packages.filter((pkg) => pkg.floor !== 'tool').flatMap((pkg) => filesOf(pkg, /\.(ts|mts)$/))
  const isTypeTest = (file) => file.endsWith('.test-d.ts')
  return [
    { title: 'sources and tests', files: own.filter((file) => !isTypeTest(file)) },
    ...own.filter(isTypeTest).map((file) => ({ title: relative(workspace.root, file), files: [file] })),
    ...examples.map((pkg) => ({ title: pkg.path, files: filesOf(pkg, /\.(ts|tsx|mts|mjs)$/) })),
    ...writeSnippets(workspace).map(({ file, title }) => ({ title: `snippet ${title}`, files: [file] })),
  ].filter((group) => group.files.length > 0)
}

function filesOf(pkg, pattern) {
  return listFiles(pkg.directory)
    .filter((path) => pattern.test(path) && !/(^|\/)(template|fixtures|consumers)\//.test(path))
    .map((path) => join(pkg.directory, path))
}

function report(diagnostics, root) {
  console.error(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    }),
  )
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const workspace = readWorkspace(repositoryRoot)
  const checks = groups(workspace)
  const program = ts.createProgram(
    checks.flatMap((group) => group.files).filter((file) => existsSync(file)),
    options(workspace.root, workspace.packages),
  )
  const problems = ts.getPreEmitDiagnostics(program)
  report(problems, workspace.root)
  const broken = new Set(problems.map((problem) => problem.file?.fileName))
  const failed = checks.filter((group) => group.files.some((file) => broken.has(file)))
  for (const group of failed) console.error(`FAILED types: ${group.title}`)
  const elsewhere = problems.length > 0 && failed.length === 0 ? 1 : 0
  console.log(`${checks.length} groups of files type-checked`)
  printTally({ passed: checks.length - failed.length, failed: failed.length + elsewhere })
}
