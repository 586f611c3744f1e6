import type { Codec } from '@couplet/stanza'

/** The largest id of a device or key (XEP-0384 §5.1): 2³¹−1. */
export const LARGEST_ID = 0x7fff_ffff

const decimal = (expects: string, least: number, most: number): Codec<number> => ({
  expects,
  decode(text) {
    const match = /^\s*\+?(\d{1,10})\s*$/.exec(text)
    const value = Number(match?.[1] ?? Number.NaN)
    return value >= least && value <= most ? value : undefined
  },
  encode(value) {
    if (!Number.isInteger(value) || value < least || value > most) throw new RangeError(`not ${expects}: ${value}`)
    return String(value)
  },
})

/** The id of a device: from 1 to 2³¹−1. */
export const deviceId: Codec<number> = decimal('the id of a device', 1, LARGEST_ID)

/** The id of a key. Some count from 0, and some further than the specification lets them. */
export const keyId: Codec<number> = decimal('the id of a key', 0, 0xffff_ffff)

/** Whether this can be the id of a device. */
export const isDeviceId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= LARGEST_ID
