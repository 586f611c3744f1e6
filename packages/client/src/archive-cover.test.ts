import { expect, test } from 'vitest'
import { coversMissed } from './archive-cover.js'
import type { PluginHost } from './plugin-host.js'

test('Bind 2 is for those who say that nothing will be missing; who cannot say, does not', async () => {
  const errors: unknown[] = []
  const broken = (): never => {
    throw new RangeError('no')
  }
  for (const [covers, expected] of [
    [undefined, false],
    [() => true, true],
    [() => Promise.resolve(true), true],
    [() => false, false],
    [() => 'yes' as never, false],
    [broken, false],
    [() => Promise.reject(new RangeError('no')), false],
  ] as const) {
    expect(await coversMissed({ covers } as PluginHost, (error) => errors.push(error))).toBe(expected)
  }
  expect(errors).toEqual([new RangeError('no'), new RangeError('no')])
})
