// Makes a package that already passes every check:
//   npm run new-package -- receipts --xep 184 --title "Message Delivery Receipts" --xep-version 1.4.0
//   npm run new-package -- hints --floor 1 --xep 334 --title "Message Processing Hints" --xep-version 0.4.0
// Floor 1 is vocabulary only (elements.ts); floor 3, the default, also has a plugin and its test.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { writeDocuments } from './check/documents.mjs'
import { xepId } from './check/metadata.mjs'
import { readWorkspace } from './check.mjs'
import { pnpm } from './stages/install.mjs'
import { listFiles, repositoryRoot } from './workspace.mjs'

const templates = fileURLToPath(new URL('template', import.meta.url))

/** What each floor starts with: imports of its template, for package.json and tsconfig references. */
const floors = {
  1: { dependencies: ['stanza'], devDependencies: [], skip: /plugin/ },
  3: { dependencies: ['client', 'stanza'], devDependencies: ['testing'], skip: /^$/ },
}

/** Reads the command line; throws a TypeError that says what is wrong with it. */
export function readArguments(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      floor: { type: 'string', default: '3' },
      xep: { type: 'string' },
      title: { type: 'string' },
      'xep-version': { type: 'string' },
    },
  })
  const [name] = positionals
  const { floor, xep, title, 'xep-version': version } = values
  if (!name || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw new TypeError('the name must be kebab-case')
  if (!floors[floor]) throw new TypeError('--floor is 1 (vocabulary) or 3 (plugin)')
  if (xep !== undefined && !/^\d{1,4}$/.test(xep)) throw new TypeError('--xep is a number')
  if (xep !== undefined && !(title && version)) throw new TypeError('--xep needs --title and --xep-version')
  return { name, floor: Number(floor), xep: xep === undefined ? undefined : { number: Number(xep), title, version } }
}

function placeholders({ name, floor, xep }) {
  const camel = name.replaceAll(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())
  const pascal = camel[0].toUpperCase() + camel.slice(1)
  return {
    NAME: name,
    PACKAGE: `@couplet/${name}`,
    CAMEL: camel,
    PASCAL: pascal,
    CONSTANT: name.replaceAll('-', '_').toUpperCase(),
    NAMESPACE: `urn:xmpp:${name}:0`,
    SOURCE: xep ? xepId(xep.number) : `the ${name} protocol`,
    HEADING: xep ? `${xepId(xep.number)}: ${xep.title}` : name,
    TITLE: xep?.title ?? name,
    VERSION_NOTE: xep ? ` (${xep.version})` : '',
    PLUGIN_EXPORT: floor === 3 ? `export { ${[camel, `type ${pascal}`].join(', ')} } from './${name}.js'\n` : '',
  }
}

function fill(text, values) {
  return text.replaceAll(/__([A-Z]+(?:_[A-Z]+)*)__/g, (whole, key) => values[key] ?? whole)
}

function workspaceRange(names) {
  return Object.fromEntries(names.map((name) => [`@couplet/${name}`, 'workspace:^']))
}

function manifest({ name, floor, xep }) {
  const { dependencies, devDependencies } = floors[floor]
  return {
    name: `@couplet/${name}`,
    version: '0.0.0',
    description: xep ? `${xepId(xep.number)}: ${xep.title}.` : `The ${name} protocol.`,
    license: 'MIT',
    keywords: ['xmpp'],
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    files: ['dist', '!dist/**/*.tsbuildinfo'],
    publishConfig: { access: 'public', provenance: true },
    xmpp: { floor, xeps: xep ? [{ number: xep.number, version: xep.version }] : [] },
    dependencies: workspaceRange(dependencies),
    ...(devDependencies.length > 0 ? { devDependencies: workspaceRange(devDependencies) } : {}),
  }
}

function compilerConfig({ floor }) {
  return {
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src'],
    exclude: ['src/**/*.test.ts', 'src/**/*.test-d.ts'],
    references: floors[floor].dependencies.map((name) => ({ path: `../${name}` })),
  }
}

/** Writes the package below `root` and returns its folder. Throws when it exists. */
export function scaffold(root, request) {
  const folder = join(root, 'packages', request.name)
  if (existsSync(folder)) throw new TypeError(`packages/${request.name} exists already`)
  const values = placeholders(request)
  const write = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('package.json', `${JSON.stringify(manifest(request), null, 2)}\n`)
  write('tsconfig.json', `${JSON.stringify(compilerConfig(request), null, 2)}\n`)
  for (const path of listFiles(templates)) {
    if (floors[request.floor].skip.test(path)) continue
    const target = path.replace('.template', '').replace('src/plugin', `src/${request.name}`)
    write(target, fill(readFileSync(join(templates, path), 'utf8'), values))
  }
  return folder
}

function finish(root, folder) {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const run = (command, args) => spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0
  const formatted = run(process.execPath, [biome, 'check', '--write', '--config-path=.biome.json', folder])
  writeDocuments(readWorkspace(root))
  return run('npx', pnpm(root, 'install', '--no-frozen-lockfile')) && formatted
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const folder = scaffold(repositoryRoot, readArguments(process.argv.slice(2)))
    if (!finish(repositoryRoot, folder)) process.exitCode = 1
    console.log(`${folder} is ready: change elements.ts first, then npm test`)
  } catch (error) {
    console.error(`new-package: ${error.message}`)
    process.exitCode = 1
  }
}
