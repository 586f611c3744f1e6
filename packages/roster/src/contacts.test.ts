import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Jid } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { contactOf } from './contacts.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Megabytes in use. */
function heap(): number {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

/** A view on a megabyte of text, which is what a parser returns. */
const viewOnMuch = (text: string): string =>
  Buffer.from(text.padEnd(1_000_000)).toString('latin1').slice(0, text.length)

describe('contactOf', () => {
  test('keeps nothing but itself of what it was read from', () => {
    const before = heap()
    const contacts = Array.from({ length: 40 }, (_, i) =>
      contactOf({
        jid: Jid.parse(viewOnMuch(`somebody-with-a-long-name-${i}@an-organisation.example.org`)),
        name: viewOnMuch(`Somebody with a long name ${i}`),
        groups: [viewOnMuch(`Those with long names ${i}`)],
      }),
    )
    expect(heap() - before).toBeLessThan(10)
    expect(contacts.at(-1)).toMatchObject({
      name: 'Somebody with a long name 39',
      groups: ['Those with long names 39'],
    })
  })
})
