import { expect, test } from 'vitest'
import { InFlight } from './in-flight.js'
import { SendTicket } from './send-ticket.js'

/** Notes which numbers are forgotten. */
function inFlight() {
  const forgotten: number[] = []
  const flight = new InFlight((number) => void forgotten.push(number))
  flight.number = 7
  const tickets = ['a', 'bb', 'ccc'].map((text) => new SendTicket(text, text))
  for (const ticket of tickets) flight.add(ticket)
  return { flight, tickets, forgotten }
}

test('the oldest go first, and the journal forgets them by their numbers', () => {
  const { flight, tickets, forgotten } = inFlight()
  expect([flight.length, flight.bytes]).toEqual([3, 6])
  expect(flight.take(2)).toEqual(tickets.slice(0, 2))
  expect([flight.tickets, flight.bytes, flight.number, forgotten]).toEqual([[tickets[2]], 3, 9, [7, 8]])
  flight.take()
  expect([flight.bytes, flight.number, forgotten]).toEqual([0, 10, [7, 8, 9]])
})

test('R-028 when one is left out, those behind it move up, and the journal keeps nothing twice', () => {
  const { flight, tickets, forgotten } = inFlight()
  flight.remove(tickets[0] as SendTicket)
  flight.remove(new SendTicket('x', 'x'))
  expect([flight.tickets, flight.bytes, forgotten]).toEqual([tickets.slice(1), 5, [9]])
  flight.take()
  expect(forgotten).toEqual([9, 7, 8])
})

test('what an earlier client has left is counted as well', () => {
  const { flight } = inFlight()
  flight.take()
  flight.restore([new SendTicket('a', 'fòúr')], 41)
  expect([flight.length, flight.bytes, flight.number]).toEqual([1, 6, 41])
})
