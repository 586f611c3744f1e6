import { expect, test, vi } from 'vitest'
import { RecentKeys } from './recent-keys.js'

test('S-145 the last keys are known, and long ones are told apart without being kept', () => {
  const keys = new RecentKeys(2)
  const long = (end: string): string => `${'x'.repeat(1_000_000)}${end}`
  for (const key of ['old', 'short', long('a')]) keys.add(key)
  expect([keys.has('old'), keys.has('short'), keys.has(long('a')), keys.has(long('b'))]).toEqual([
    false,
    true,
    true,
    false,
  ])
  const add = vi.spyOn(Set.prototype, 'add')
  keys.add(long('c'))
  const kept = add.mock.calls.map(([key]) => (key as string).length)
  add.mockRestore()
  expect(kept).toHaveLength(1)
  expect(Math.max(...kept)).toBeLessThan(300)
})
