import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { writeDocuments } from '../check/documents.mjs'
import { readWorkspace, runRules } from '../check.mjs'

interface PackageOptions {
  readonly floor?: number | string
  readonly dependencies?: readonly string[]
  readonly xeps?: readonly { readonly number: number; readonly version: string }[]
  readonly manifest?: Readonly<Record<string, unknown>>
  /** Path → text, over a minimal `src/index.ts`, `src/elements.ts` and `README.md`. */
  readonly files?: Readonly<Record<string, string>>
}

/** A workspace in a temporary folder that passes every rule, to which a test adds one mistake. */
export class FixtureTree {
  readonly root = mkdtempSync(join(tmpdir(), 'couplet-check-'))

  constructor() {
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }))
    this.write('package.json', JSON.stringify({ devDependencies: { vitest: '1.0.0' } }))
    this.write('pnpm-lock.yaml', '')
    this.write('docs/dependencies.md', '| `vitest` | Runs tests. |\n')
    this.add('stanza', { floor: 0 })
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), text)
  }

  add(name: string, { floor = 3, dependencies = [], xeps = [], manifest = {}, files = {} }: PackageOptions = {}): void {
    const folder = `packages/${name}`
    const hidden = floor === 'private' || floor === 'tool'
    const title = xeps
      .map((xep) => `XEP-${String(xep.number).padStart(4, '0')}: Some Title (${xep.version})`)
      .join(', ')
    this.write(
      `${folder}/package.json`,
      JSON.stringify({ ...fields(name, hidden), ...wiring(floor, xeps, dependencies), ...manifest }),
    )
    this.write(
      `${folder}/tsconfig.json`,
      JSON.stringify({ references: dependencies.map((item) => ({ path: `../${item}` })) }),
    )
    const all = {
      'README.md': `# ${name} ${title}\n`,
      'src/index.ts': `/** ${title || name}. @module */\nexport { NS } from './elements.js'\n`,
      'src/elements.ts': dependencies.map((item) => `import type {} from '@couplet/${item}'\n`).join(''),
      ...files,
    }
    for (const [path, text] of Object.entries(all)) this.write(`${folder}/${path}`, text)
  }

  /** Problems by rule, as `rule: problem` lines, with the generated documents up to date. */
  problems({ refresh = true } = {}): string[] {
    const workspace = readWorkspace(this.root)
    if (refresh) writeDocuments(workspace)
    return runRules(readWorkspace(this.root)).flatMap((result: { name: string; problems: string[] }) =>
      result.problems.map((problem) => `${result.name}: ${problem}`),
    )
  }
}

function fields(name: string, hidden: boolean): object {
  return {
    name: `@couplet/${name}`,
    version: '0.0.0',
    private: hidden,
    description: 'A fixture.',
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
    files: ['dist'],
    publishConfig: { access: 'public', provenance: true },
  }
}

function wiring(floor: number | string, xeps: unknown, dependencies: readonly string[]): object {
  return {
    xmpp: { floor, xeps },
    dependencies: Object.fromEntries(dependencies.map((item) => [`@couplet/${item}`, 'workspace:^'])),
  }
}
