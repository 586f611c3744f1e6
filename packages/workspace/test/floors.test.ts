import { beforeEach, describe, expect, test } from 'vitest'
import { FixtureTree } from './fixture-tree.js'

let tree: FixtureTree

beforeEach(() => {
  tree = new FixtureTree()
})

/** A package with one import, declared and referenced. */
function add(name: string, floor: number | string, statement: string, dependencies: string[]): void {
  tree.add(name, { floor, dependencies, files: { [`src/${name}.ts`]: `${statement}\n` } })
}

describe('a tree without mistakes', () => {
  test('passes every rule', () => {
    tree.add('rsm', { floor: 1, dependencies: ['stanza'], xeps: [{ number: 59, version: '1.0' }] })
    tree.add('client', { floor: 2, dependencies: ['stanza'] })
    tree.add('disco', { floor: 3, dependencies: ['stanza', 'client'] })
    add('mam', 3, "import { NS } from '@couplet/disco'\nimport { NS as RSM } from '@couplet/rsm'", ['disco', 'rsm'])
    tree.add('tcp', { floor: 2, dependencies: ['client'], files: { 'src/tcp.ts': "import 'node:net'\n" } })
    add('testing', 'side', "import { NS } from '@couplet/mam'", ['mam'])
    tree.add('couplet', { floor: 4, dependencies: ['mam', 'tcp'], manifest: { name: 'couplet' } })
    expect(tree.problems()).toEqual([])
  })
})

describe('imports respect the floors', () => {
  beforeEach(() => {
    tree.add('client', { floor: 2 })
    tree.add('rsm', { floor: 1 })
    tree.add('disco', {
      floor: 3,
      files: {
        'src/index.ts': "/** @module */\nexport { NS } from './elements.js'\nexport { disco } from './disco.js'\n",
      },
    })
    tree.add('testing', { floor: 'side' })
  })

  test.each([
    ['floor 0 imports a workspace package', 0, "import type { A } from '@couplet/rsm'", ['rsm'], 'npm packages only'],
    ['floor 1 imports floor 1', 1, "import { NS } from '@couplet/rsm'", ['rsm'], 'floor 1 imports floor 0 only'],
    ['floor 2 imports floor 1', 2, "import { NS } from '@couplet/rsm'", ['rsm'], 'without a written decision'],
    ['floor 3 loads client', 3, "import { createClient } from '@couplet/client'", ['client'], '`import type` only'],
    ['floor 3 loads client for types', 3, "import { type A } from '@couplet/client'", ['client'], '`import type` only'],
    ['floor 3 takes the API of floor 3', 3, "import { disco } from '@couplet/disco'", ['disco'], 'takes disco from'],
    ['floor 3 takes everything of floor 3', 3, "import * as all from '@couplet/disco'", ['disco'], 'only elements'],
    ['floor 3 loads floor 3 lazily', 3, "export const a = import('@couplet/disco')", ['disco'], 'only elements'],
    [
      'floor 3 re-exports the API of floor 3',
      3,
      "export { disco } from '@couplet/disco'",
      ['disco'],
      'takes disco from',
    ],
    [
      'a published package imports testing',
      3,
      "import type { A } from '@couplet/testing'",
      ['testing'],
      'may not import',
    ],
    ['side takes the API of floor 3', 'side', "import { disco } from '@couplet/disco'", ['disco'], 'takes disco from'],
    ['the package does not exist', 3, "import { a } from '@couplet/nowhere'", [], 'there is no package'],
  ])('%s', (_title, floor, statement, dependencies, problem) => {
    add('wrong', floor, statement, dependencies)
    expect(tree.problems()).toContainEqual(
      expect.stringMatching(new RegExp(`imports respect the floors: .*${literally(problem)}`)),
    )
  })

  test('floor 2 may import floor 1 once that is decided in writing', () => {
    tree.write('docs/decisions/0001-pages.md', '# Pages\n')
    tree.add('paging', {
      floor: 2,
      dependencies: ['rsm'],
      files: { 'src/paging.ts': "import { NS } from '@couplet/rsm'\n" },
      manifest: { xmpp: { floor: 2, xeps: [], decisions: { '@couplet/rsm': 'docs/decisions/0001-pages.md' } } },
    })
    expect(tree.problems()).toEqual([])
  })
})

function literally(text: string): string {
  return text.replaceAll(/[`()*]/g, '\\$&')
}

describe('declarations', () => {
  test('a node: module outside tcp is a problem, and a file store may say it is for Node', () => {
    tree.add('wrong', { files: { 'src/wrong.ts': "import { readFile } from 'node:fs/promises'\n" } })
    const node = { xmpp: { floor: 3, xeps: [], node: true } }
    tree.add('store', { manifest: node, files: { 'src/store.ts': "import { readFile } from 'node:fs/promises'\n" } })
    const found = tree.problems()
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^node: modules.*packages\/wrong\/src\/wrong\.ts:1/)
  })

  test('a written decision lets one node: module through, and no other', () => {
    const decisions = { 'node:crypto': 'docs/decisions/0001-crypto.md' }
    tree.write('docs/decisions/0001-crypto.md', '# Why\n')
    const files = { 'src/keys.ts': "import { verify } from 'node:crypto'\nimport 'node:fs'\n" }
    tree.add('keys', { manifest: { xmpp: { floor: 3, xeps: [], decisions } }, files })
    expect(tree.problems()).toEqual([expect.stringContaining('packages/keys/src/keys.ts:2: node:fs')])
  })

  test('an import that package.json does not declare', () => {
    tree.add('wrong', { files: { 'src/wrong.ts': "import { NS } from '@couplet/stanza'\nimport 'left-pad'\n" } })
    expect(tree.problems().map((line) => line.split(': ').slice(2).join())).toEqual([
      '@couplet/stanza is not declared in package.json',
      'left-pad is not declared in package.json',
    ])
  })

  test('a test may import development dependencies of the package and of the root, nothing else', () => {
    const text = "import 'vitest'\nimport '@couplet/stanza'\n"
    tree.add('wrong', { files: { 'src/wrong.test.ts': text } })
    expect(tree.problems()).toEqual([expect.stringContaining('wrong.test.ts:2: @couplet/stanza is not declared')])
  })

  test('a dependency nobody imports', () => {
    tree.add('wrong', { dependencies: ['stanza'], files: { 'src/elements.ts': '' } })
    expect(tree.problems()).toEqual([expect.stringContaining('@couplet/stanza is declared and never imported')])
  })

  test('references that differ from the dependencies', () => {
    tree.add('wrong', {
      dependencies: ['stanza'],
      files: { 'tsconfig.json': '{ "references": [{ "path": "../sasl" }] }' },
    })
    expect(tree.problems()).toEqual([
      expect.stringContaining('no reference to ../stanza'),
      expect.stringContaining('../sasl is no dependency'),
    ])
  })
})
