import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { checkScenarios, collectTests, loadScenarios, writeScenarios } from '../scenarios.mjs'
import { repositoryRoot } from '../workspace.mjs'
import { FixtureTree } from './fixture-tree.js'

interface Scenario {
  readonly id: string
  readonly class: string
  readonly title: string
  readonly reason?: string
}

/** Numbers are written with a tilde here, or this file would be taken for the test of a scenario. */
const real = (text: string): string => text.replaceAll('~', '-')
const masked = (text: string): string => text.replaceAll(/\b([SR])-(9\d\d)/g, '$1~$2')

let tree: FixtureTree
const read = (): { root: string; packages: { directory: string; path: string }[] } => ({
  root: tree.root,
  packages: [{ directory: join(tree.root, 'packages/stanza'), path: 'packages/stanza' }],
})
const list = (...scenarios: Scenario[]): void =>
  tree.write(
    'packages/workspace/scenarios.json',
    real(JSON.stringify({ classes: { A: 'Transport', C: 'XML', R: 'Reliability' }, scenarios })),
  )
const tests = (text: string, path = 'src/a.test.ts'): void => tree.write(`packages/stanza/${path}`, real(text))
const found = (text: string): string[] => {
  tests(text)
  return [...collectTests(read()).keys()].map(masked).sort()
}
const problems = (): string[] => {
  writeScenarios(read())
  return checkScenarios(read()).map(masked)
}
const one = { id: 'S~901', class: 'A', title: 'One' }

beforeEach(() => {
  tree = new FixtureTree()
})

describe('the numbers in titles', () => {
  test.each([
    ['of a test', "test('S~901 a', () => {})", ['S~901']],
    ['of a group', "describe('R~901 a', () => {})", ['R~901']],
    ['several in one title', "it('S~901 S~902 a', () => {})", ['S~901', 'S~902']],
    ['made from a table', "test.each([['S~901 a', 1], ['b', 2]])('%s', () => {})", ['S~901']],
    ['made from a table of objects', "test.for([{ title: 'S~901' }])('$title', () => {})", ['S~901']],
    ['made from a table declared before', "const rows = [['S~901 a']]\ntest.each(rows)('%s', () => {})", ['S~901']],
    ['made from a table with a type', "const rows: [string][] = [['S~901 a']]\ntest.each(rows)('%s', f)", ['S~901']],
    ['with a part that is computed', 'for (const a of b) test(`S~901 $' + '{a} R~901`, () => {})', ['R~901', 'S~901']],
    ['under a condition', "describe.skipIf(windows)('S~901 a', () => {})", ['S~901']],
    ['of a test that is skipped', "test.skip('S~901 a', () => {})", []],
    ['of a test to be written', "test.todo('S~901 a')", []],
    ['in the body of a test', "test('a', () => { say('S~901') })", []],
    ['in a comment', "// S~901\ntest('a', () => {})", []],
    ['in other calls', "expect('S~901')", []],
    ['with more digits', "test('S~9011 XS-901', () => {})", []],
  ])('%s', (_title, text, expected) => {
    expect(found(text)).toEqual(expected)
  })

  test('a table is the one of the innermost scope', () => {
    const group = (id: string): string =>
      `describe('a', () => {\n  const rows = [['${id}']]\n  test.each(rows)('%s', () => {})\n})\n`
    expect(found(`const rows = [['S~900']]\n${group('S~901')}${group('S~902')}`)).toEqual(['S~901', 'S~902'])
  })

  test('a table that names itself ends', () => {
    expect(found("const rows = [['S~901'], ...rows]\ntest.each(rows)('%s', () => {})")).toEqual(['S~901'])
  })
})

describe('what is wrong', () => {
  test('nothing, with a test or a reason for each, and none needed for other classes', () => {
    list(one, { id: 'S~902', class: 'A', title: 'Two', reason: 'later' }, { id: 'S~903', class: 'C', title: 'Three' })
    tests("test('S~901 a', () => {})")
    expect(problems()).toEqual([])
  })

  test('a workspace without a list has nothing to check and nothing to write', () => {
    expect(problems()).toEqual([])
  })

  test.each([
    ['neither test nor reason', [one], '', 'S~901 (One) has neither a test nor a reason'],
    ['neither for a failure', [{ ...one, id: 'R~901', class: 'R' }], '', 'R~901 (One) has neither'],
    ['both', [{ ...one, reason: 'later' }], "test('S~901', f)", 'S~901 is tested, so'],
    [
      'a number that does not exist',
      [],
      "test('S~901', f)",
      'packages/stanza/src/a.test.ts: there is no scenario S~901',
    ],
    ['a number twice', [one, one], "test('S~901', f)", 'S~901 occurs more than once'],
    ['a class that does not exist', [{ ...one, class: 'Z' }], "test('S~901', f)", 'a class that does not exist'],
  ])('%s', (_title, scenarios, text, problem) => {
    list(...scenarios)
    tests(text)
    expect(problems()).toEqual([expect.stringContaining(problem)])
  })

  test('a document from before a test', () => {
    list({ ...one, class: 'C' })
    writeScenarios(read())
    tests("test('S~901', f)")
    expect(checkScenarios(read())).toEqual([expect.stringContaining('docs/security-scenarios.md is out of date')])
  })
})

test('the document links the tests, says why there are none, and is proper Markdown', () => {
  list(one, { id: 'S~902', class: 'C', title: 'A <tag> | "*"', reason: 'no __proto__' })
  tests("test('S~901', f)", 'test/deep/hostile.test.ts')
  writeScenarios(read())
  const document = masked(readFileSync(join(tree.root, 'docs/security-scenarios.md'), 'utf8'))
  expect(document).toContain('| S~901 | One | [stanza: hostile](../packages/stanza/test/deep/hostile.test.ts) |')
  expect(document).toContain('| S~902 | A &lt;tag&gt; \\| "\\*" | *no \\_\\_proto\\_\\_* |')
  expect(document).toContain('## A: Transport\n\n1 of 1 are tested.')
})

test('the list of this workspace is in order and complete', () => {
  const { classes, scenarios } = loadScenarios(repositoryRoot) as { classes: object; scenarios: Scenario[] }
  const count = (letter: string): number => scenarios.filter((scenario) => scenario.class === letter).length
  expect(Object.keys(classes).map((letter) => [letter, count(letter)])).toEqual([
    ...Object.entries({ A: 22, B: 24, C: 23, D: 41, E: 8, F: 13, G: 6, H: 5, I: 8, R: 54 }),
  ])
  expect(scenarios.filter(({ title, reason }) => /\|/.test(title + reason))).toEqual([])
})
