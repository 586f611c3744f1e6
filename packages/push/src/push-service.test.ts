import { StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { NS_PUSH, type PushPublish, publishPush } from './elements.js'
import { pushService, type ReceivedPush } from './push-service.js'

const server = 'example.com'
const published = (options?: PushPublish['options']): PushPublish => ({
  publish: { node: 'n1', items: [{ notification: { summary: { messageCount: 2 }, additional: [] } }] },
  options,
})

const install = (receive: (push: ReceivedPush) => void | Promise<void> = () => {}) => {
  const session = fakeSession()
  const received: ReceivedPush[] = []
  session.install(
    pushService((push) => {
      received.push(push)
      return receive(push)
    }),
  )
  return { session, received }
}

test('notifications are received with node, options and who sends them, and confirmed', async () => {
  const { session, received } = install()
  await session.ask(publishPush, published({ secret: 's' }), server)
  await session.ask(publishPush, published(), `romeo@${server}`)
  expect(received).toMatchObject([
    { node: 'n1', options: { secret: 's' }, notification: { summary: { messageCount: 2 } } },
    { node: 'n1', options: {} },
  ])
  expect(received.map(({ from, to }) => [String(from), String(to)])).toEqual([
    [server, 'me@example.org/here'],
    [`romeo@${server}`, 'me@example.org/here'],
  ])
  expect(session.features).toContain(NS_PUSH)
})

test('what is refused is answered so, and the server stops (XEP-0357 §7.1)', async () => {
  const { session } = install(({ options }) => {
    if (options.secret !== 's') throw new StanzaError({ condition: 'forbidden' })
  })
  await session.ask(publishPush, published({ secret: 's' }), server)
  for (const wrong of [undefined, { secret: 'x' }]) {
    await expect(session.ask(publishPush, published(wrong), server)).rejects.toMatchObject({ condition: 'forbidden' })
  }
})

test('S-110 what cannot be read is refused and not received: no notification, two of them, or something else', async () => {
  const { session, received } = install()
  const item = '<item><notification xmlns="urn:xmpp:push:0"/></item>'
  const contents = [
    '',
    '<publish node="n"/>',
    `<publish node="n">${item}${item}</publish>`,
    `<publish>${item}</publish>`,
  ]
  const other = '<publish node="n"><item><secret xmlns="urn:example"/></item></publish>'
  for (const [i, content] of [...contents, other].entries()) {
    session.receive(`<iq type='set' id='${i}' from='${server}'>
      <pubsub xmlns='http://jabber.org/protocol/pubsub'>${content}</pubsub></iq>`)
  }
  await session.settled()
  expect(session.replies.map(({ error }) => error?.condition)).toEqual(Array(5).fill('bad-request'))
  expect(received).toEqual([])
})

test('a name of an option can be anything', async () => {
  const { session, received } = install()
  await session.ask(publishPush, published(JSON.parse('{"__proto__":"x","constructor":"y"}')), server)
  expect(Object.entries(received[0]?.options ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('whoever receives and fails leaves the server with an answer', async () => {
  const broken = new Error('broken')
  const { session } = install(() => Promise.reject(broken))
  await expect(session.ask(publishPush, published(), server)).rejects.toBe(broken)
  expect(session.replies[0]?.error?.condition).toBe('internal-server-error')
})
