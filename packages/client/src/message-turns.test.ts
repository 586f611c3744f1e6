import { attr, element, type Message } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import type { PluginContext } from './plugin.js'

const text = (id: string, from = 'romeo@example.net/x') =>
  `<message from='${from}' id='${id}'><body>hi</body></message>`

function setUp() {
  const session = fakeSession()
  let context: PluginContext | undefined
  session.install({
    name: 'p',
    needs: {},
    setup: (own: PluginContext) => {
      context = own
    },
  })
  const seen: string[] = []
  return { session, context: context as unknown as PluginContext, seen }
}

test('a plugin is told when everybody is done with a message', async () => {
  const { session, context, seen } = setUp()
  const ends: (() => void)[] = []
  context.onMessage(({ id }) => void seen.push(`came ${id}`))
  const subscription = context.onHandled(({ id }) => void seen.push(`done ${id}`))
  session.onMessage(() => new Promise<void>((done) => ends.push(done)))
  session.receive(text('1'))
  session.receive(text('2'))
  expect(seen).toEqual(['came 1', 'came 2'])
  ends[0]?.()
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen).toEqual(['came 1', 'came 2', 'done 1'])
  subscription.dispose()
  ends[1]?.()
  await session.settled()
  expect(seen).toHaveLength(3)
})

test('messages that are held wait for the application alone; presences do not, and one may go ahead', () => {
  const { session, context, seen } = setUp()
  const came: Message[] = []
  context.onMessage((message) => void came.push(message))
  context.onHandled(({ id }) => void seen.push(`done ${id}`))
  session.onMessage(({ id }) => void seen.push(`${id}`))
  session.onPresence(() => void seen.push('presence'))
  const hold = context.holdMessages()
  session.receive(text('1'))
  session.receive(text('2', 'juliet@example.net/x'))
  session.receive(`<presence from='romeo@example.net/x'/>`)
  expect([came.length, seen]).toEqual([2, ['presence']])
  context.passMessage(came[1] as Message)
  hold.dispose()
  session.receive(text('3'))
  expect(seen.filter((each) => !each.startsWith('done'))).toEqual(['presence', '2', '1', '3'])
})

test('what is held comes when the client is closed', () => {
  const { session, context, seen } = setUp()
  session.onMessage(({ id }) => void seen.push(`${id}`))
  context.holdMessages()
  session.receive(text('1'))
  session.end()
  expect(seen).toEqual(['1'])
})

test.each([
  ['well-formed', "<secret xmlns='urn:example' id='1'/>"],
  ['malformed', "<secret xmlns='urn:example'/>"],
])('a %s payload that is the content keeps what is beside it from the application', (_, secret) => {
  const { session, context, seen } = setUp()
  const Secret = element('urn:example', 'secret', { id: attr('id') })
  context.onMessage(Secret, ({ id }) => void seen.push(id), { from: 'anyone', claims: true })
  context.onMessage(({ body }) => void seen.push(`plugin: ${body}`))
  context.onHandled(() => void seen.push('done'))
  session.onMessage(({ body }) => void seen.push(`application: ${body}`))
  session.receive(`<message from='romeo@example.net/x'><body>cannot be read</body>${secret}</message>`)
  expect(seen).toEqual(['plugin: cannot be read', ...(secret.includes('id') ? ['1'] : []), 'done'])
})
