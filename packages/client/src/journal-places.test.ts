import { expect, test } from 'vitest'
import { JournalPlaces } from './journal-places.js'
import { SendTicket } from './send-ticket.js'
import { SessionJournal } from './session-journal.js'
import { memoryStore } from './state-store.js'

const ticket = () => new SendTicket('a', '<message/>')

test('places that are free again at the beginning are not looked at any more', () => {
  const places = new JournalPlaces(new SessionJournal(memoryStore(), () => {}), () => {}, undefined)
  const [one, two, three] = [ticket(), ticket(), ticket()]
  places.park([one, two, three])
  places.free(two)
  expect([places.first, places.next]).toEqual([0, 3])
  places.free(one)
  expect([places.first, places.next]).toEqual([2, 3])
  places.putBack(one)
  expect([one.place, places.first]).toEqual([1, 1])
  places.free(one)
  places.free(three)
  expect([places.first, places.next]).toEqual([3, 3])
})

test('what nobody can read keeps its place', () => {
  const session = { handled: 0, sent: 0, acked: 0, first: 2, next: 4 }
  const saved = { session, features: undefined, written: new Map(), queued: [], unreadable: [3] }
  const places = new JournalPlaces(new SessionJournal(memoryStore(), () => {}), () => {}, saved)
  const one = ticket()
  places.park([one])
  places.free(one)
  expect([one.place, places.first, places.next]).toEqual([undefined, 3, 5])
})
