import { type XmlElement, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { InboundLedger, type Receipt } from './inbound-ledger.js'

const ns = 'jabber:client'
const stanza = (id: string, ...more: XmlElement[]): XmlElement =>
  xml(ns, 'message', { from: 'bob@example.org', id }, xml(ns, 'body', {}, `body ${id}`), ...more)

/** A ledger that has received these. */
function received(...ids: string[]) {
  const ledger = new InboundLedger()
  const receipts = ids.map((id) => ledger.receive(stanza(id)) as Receipt)
  return { ledger, receipts: receipts as [Receipt, Receipt, Receipt, Receipt] }
}

describe('InboundLedger', () => {
  test('R-023 a stanza counts when it and all before it are handled', () => {
    const { ledger, receipts } = received('1', '2', '3')
    expect(ledger.done(receipts[1])).toBe(false)
    expect(ledger.handled).toBe(0)
    expect(ledger.done(receipts[0])).toBe(true)
    expect(ledger.handled).toBe(2)
    expect(ledger.done(receipts[2])).toBe(true)
    expect(ledger.handled).toBe(3)
  })

  test('a session that was stored is counted on', () => {
    const ledger = new InboundLedger(41)
    ledger.done(ledger.receive(stanza('1')) as Receipt)
    expect(ledger.handled).toBe(42)
  })

  test('R-029 what comes again while its handlers run is not handled again, and counts when both is true', () => {
    const { ledger, receipts } = received('1', '2', '3')
    ledger.done(receipts[0])
    expect(ledger.resuming()).toBe(1)
    ledger.done(receipts[1]) // after the server was told
    expect(ledger.handled).toBe(1)
    expect(ledger.receive(stanza('2', xml('urn:xmpp:delay', 'delay')))).toBeUndefined()
    expect(ledger.handled).toBe(2)
    expect(ledger.receive(stanza('3'))).toBeUndefined()
    expect(ledger.handled).toBe(2)
    ledger.done(receipts[2])
    expect(ledger.handled).toBe(3)
  })

  test('what is new after that is handled, also behind what still runs', () => {
    const { ledger, receipts } = received('1')
    ledger.resuming()
    ledger.receive(stanza('1'))
    const next = ledger.receive(stanza('2')) as Receipt
    ledger.done(next)
    expect(ledger.handled).toBe(0)
    ledger.done(receipts[0])
    expect(ledger.handled).toBe(2)
  })

  test('a server that sends less again than it should does not count the rest either', () => {
    const { ledger, receipts } = received('1', '2', '3')
    ledger.resuming()
    expect(ledger.receive(stanza('1'))).toBeUndefined()
    const next = ledger.receive(stanza('4')) as Receipt
    for (const receipt of [receipts[1], receipts[2], next]) ledger.done(receipt)
    expect(ledger.handled).toBe(0)
    ledger.done(receipts[0])
    expect(ledger.handled).toBe(2)
  })

  test('a second loss before anything came again begins from what is handled by then', () => {
    const { ledger, receipts } = received('1', '2', '3')
    expect(ledger.resuming()).toBe(0)
    ledger.done(receipts[0])
    expect(ledger.handled).toBe(0)
    expect(ledger.resuming()).toBe(1)
    expect(ledger.receive(stanza('2'))).toBeUndefined()
    expect(ledger.receive(stanza('3'))).toBeUndefined()
    ledger.done(receipts[2])
    ledger.done(receipts[1])
    expect(ledger.handled).toBe(3)
  })

  test.each([
    ['another sender', stanza('1').with({ from: 'eve@example.org' })],
    ['another id', stanza('2')],
    ['another type', stanza('1').with({ type: 'headline' })],
    ['another text', xml(ns, 'message', { from: 'bob@example.org', id: '1' }, xml(ns, 'body', {}, 'other'))],
    ['another kind', xml(ns, 'presence', { from: 'bob@example.org', id: '1' })],
  ])('%s is another stanza', (_title, other) => {
    const { ledger } = received('1')
    ledger.resuming()
    expect(ledger.receive(other)).toBeDefined()
  })
})
