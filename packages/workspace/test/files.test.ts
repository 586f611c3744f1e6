import { beforeEach, describe, expect, test } from 'vitest'
import { ownLines } from '../check/files.mjs'
import { FixtureTree } from './fixture-tree.js'

let tree: FixtureTree

beforeEach(() => {
  tree = new FixtureTree()
})

const functionOf = (lines: number) => `export function long() {\n${'  work()\n'.repeat(lines - 2)}}\n`

describe('each mistake in a file is reported', () => {
  test.each([
    [
      'a name that is not kebab-case',
      'src/someThing.ts',
      '',
      'file names: packages/wrong/src/someThing.ts: not kebab-case',
    ],
    ['a drawer', 'src/utils.ts', '', 'file names: packages/wrong/src/utils.ts: "utils" says nothing'],
    ['a folder that is a drawer', 'src/helpers/a.ts', '', '"helpers" says nothing'],
    ['301 lines', 'src/long.ts', 'work()\n'.repeat(301), 'file sizes: packages/wrong/src/long.ts: 301 lines'],
    ['301 lines of tests', 'src/long.test.ts', 'work()\n'.repeat(301), 'long.test.ts: 301 lines'],
    [
      'a function of 41 lines',
      'src/a.ts',
      functionOf(41),
      'function sizes: packages/wrong/src/a.ts:1: long has 41 lines',
    ],
    ['code in index.ts', 'src/index.ts', '/** @module */\nexport const a = 1\n', 'index.ts:2: only named re-exports'],
    ['a star export', 'src/index.ts', "/** @module */\nexport * from './elements.js'\n", 'index.ts:2: only named'],
    ['no module comment', 'src/index.ts', "export { NS } from './elements.js'\n", 'opens with no'],
    ['a barrel', 'src/more/index.ts', "export { NS } from '../elements.js'\n", 'a barrel beside src/index.ts'],
    [
      'a long index',
      'src/index.ts',
      `/** @module */\n${"export { NS } from './elements.js'\n".repeat(60)}`,
      'more than 60 lines',
    ],
    [
      'a namespace',
      'src/a.ts',
      "export const ns = 'urn:xmpp:receipts'\n",
      'namespace urn:xmpp:receipts belongs in elements.ts',
    ],
    [
      'a namespace in a template',
      'src/a.ts',
      'export const node = `http://jabber.org/$' + '{1}`\n',
      'belongs in elements.ts',
    ],
    ['any', 'src/a.ts', 'export const a: any = 1\n', 'default export: packages/wrong/src/a.ts:1: `any`'],
    ['an enum', 'src/a.ts', 'export enum A { B }\n', 'an enum'],
    ['a namespace block', 'src/a.ts', 'export namespace A { export const b = 1 }\n', 'a namespace'],
    ['a default export', 'src/a.ts', 'export default 1\n', 'a default export'],
    ['a default function', 'src/a.ts', 'export default function a() {}\n', 'a default export'],
  ])('%s', (_title, path, text, problem) => {
    tree.add('wrong', { files: { [path]: text } })
    expect(tree.problems()).toContainEqual(expect.stringContaining(problem))
  })
})

describe('what is allowed', () => {
  test('limits are inclusive, vectors are data, tests may be long functions with namespaces', () => {
    tree.add('right', {
      files: {
        'src/long.ts': 'work()\n'.repeat(300),
        'src/vectors/all.ts': 'work()\n'.repeat(400),
        'src/a.ts': functionOf(40),
        'src/a.test.ts': `const ns = 'urn:xmpp:x'\n${functionOf(80)}`,
        'src/part/elements.ts': "export const NS = 'jabber:iq:roster'\n",
      },
    })
    expect(tree.problems()).toEqual([])
  })

  test('`any` behind the overloads of stanza/src/schema', () => {
    tree.add('stanza', { floor: 0, files: { 'src/schema/field.ts': 'export const a: any = 1\n' } })
    expect(tree.problems()).toEqual([])
  })

  test('a function does not count the lines of the functions inside it', async () => {
    const { default: ts } = await import('typescript')
    const text = `function outer() {\n\n  const inner = () => {\n    a()\n    b()\n  }\n  inner()\n}\n`
    const source = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true)
    expect(ownLines(source, source.statements[0])).toBe(5)
  })
})
