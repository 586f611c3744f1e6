// Sends messages as fast as they are taken, or counts those that come.
// Usage (forked by scripted-host.mjs): scripted-server.mjs '{"cert", "key", "count"}'
import { listen, prepared } from './scripted-session.mjs'
import { incoming } from './traffic.mjs'

const { count, ...certificate } = JSON.parse(process.argv[2])
const messages = prepared(Array.from({ length: count }, (_, i) => incoming(i)))

/** Whether stream management is offered to the next client. */
let isManaged = true
let current
let received = 0
let expected = 0

process.on('message', (message) => {
  if (message === 'blast') current.wire.send(messages)
  if (message === 'expect') {
    received = 0
    expected = count
  }
  if (typeof message === 'object') isManaged = message.isManaged
})

listen(certificate, {
  isManaged: () => isManaged,
  connected: (session) => {
    current = session
  },
  took: (session, name) => {
    if (session !== current || name !== 'message') return
    if (++received === expected) process.send('received')
  },
  answer: (_, __, reply) => reply(''),
})
