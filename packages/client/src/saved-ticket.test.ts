import { expect, test } from 'vitest'
import { savedTicket, ticketOf } from './saved-ticket.js'
import { SendTicket } from './send-ticket.js'

test('R-029 a later process knows of a message all that this one does', () => {
  const ticket = new SendTicket('1', "<message id='1'/>")
  expect(savedTicket(ticket)).toEqual({ id: '1', text: "<message id='1'/>" })
  Object.assign(ticket, { stamp: new Date(5), uncertain: true, isUnhandled: true, deaths: 1 })
  const saved = savedTicket(ticket)
  expect(JSON.parse(JSON.stringify(saved))).toEqual(saved)
  expect(savedTicket(ticketOf(saved))).toEqual(saved)
})

test('what was not worth keeping is an IQ without content', () => {
  expect(ticketOf(undefined)).toMatchObject({ id: '', text: '', kind: 'iq' })
})
