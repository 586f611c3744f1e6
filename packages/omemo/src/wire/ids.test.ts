import { expect, test } from 'vitest'
import { deviceId, isDeviceId, keyId, LARGEST_ID } from './ids.js'

test('ids of devices are from 1 to 2³¹−1, those of keys from 0 to 2³²−1, as decimals', () => {
  const read = (text: string) => [deviceId.decode(text), keyId.decode(text)]
  expect(['0', '1', ' +7 ', '2147483647', '2147483648', '4294967295', '4294967296'].map(read)).toEqual([
    [undefined, 0],
    [1, 1],
    [7, 7],
    [LARGEST_ID, LARGEST_ID],
    [undefined, 2147483648],
    [undefined, 4294967295],
    [undefined, undefined],
  ])
  for (const text of ['', '-1', '1.0', '0x10', '1e3', '१', '12345678901'])
    expect(read(text)).toEqual([undefined, undefined])
  expect([deviceId.encode(1), keyId.encode(0)]).toEqual(['1', '0'])
  for (const id of [0, -1, 1.5, LARGEST_ID + 1, Number.NaN]) expect(() => deviceId.encode(id)).toThrow(RangeError)
  expect([1, LARGEST_ID, 0, 1.5, LARGEST_ID + 1].map(isDeviceId)).toEqual([true, true, false, false, false])
})
