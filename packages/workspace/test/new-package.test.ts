import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readArguments, scaffold } from '../new-package.mjs'
import { FixtureTree } from './fixture-tree.js'

const xep = ['--xep', '184', '--title', 'Message Delivery Receipts', '--xep-version', '1.4.0']

test('a new plugin package passes every rule', () => {
  const tree = new FixtureTree()
  tree.add('client', { floor: 2 })
  tree.add('testing', { floor: 'side' })
  const folder = scaffold(tree.root, readArguments(['delivery-receipts', ...xep]))
  expect(tree.problems()).toEqual([])
  const index = readFileSync(join(folder, 'src/index.ts'), 'utf8')
  expect(index).toContain('XEP-0184: Message Delivery Receipts (1.4.0).')
  expect(index).toContain("export { deliveryReceipts, type DeliveryReceipts } from './delivery-receipts.js'")
})

test('a new vocabulary package passes every rule, with no plugin and no leftover placeholder', () => {
  const tree = new FixtureTree()
  const folder = scaffold(tree.root, readArguments(['hints', '--floor', '1']))
  expect(tree.problems()).toEqual([])
  for (const path of ['README.md', 'src/index.ts', 'src/elements.ts', 'src/elements.test.ts']) {
    expect(readFileSync(join(folder, path), 'utf8')).not.toMatch(/__[A-Z]/)
  }
})

test.each([
  ['no name', [], 'kebab-case'],
  ['a bad name', ['Receipts'], 'kebab-case'],
  ['a bad floor', ['receipts', '--floor', '2'], '--floor'],
  ['a XEP without a title', ['receipts', '--xep', '184'], '--title'],
])('%s is refused', (_title, args, problem) => {
  expect(() => readArguments(args)).toThrow(problem)
})

test('an existing package is never overwritten', () => {
  const tree = new FixtureTree()
  expect(() => scaffold(tree.root, readArguments(['stanza']))).toThrow('exists already')
})
