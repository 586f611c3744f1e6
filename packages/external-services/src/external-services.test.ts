import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { type ExternalService, pushServices } from './elements.js'
import { externalServices } from './external-services.js'

const turn: ExternalService = { action: 'modify', host: '192.0.2.1', type: 'turn', forms: [] }

function setUp() {
  const session = fakeSession()
  const api = session.install(externalServices())
  const pushed: [readonly ExternalService[], string | undefined][] = []
  const subscription = api.onPush((services, type) => void pushed.push([services, type]))
  return { session, pushed, subscription }
}

test('what the own server pushes is told, and answered', async () => {
  const { session, pushed, subscription } = setUp()
  await session.ask(pushServices, { type: 'turn', services: [turn] })
  expect(pushed).toEqual([[[turn], 'turn']])
  subscription.dispose()
  await session.ask(pushServices, { type: 'turn', services: [turn] })
  expect(pushed).toHaveLength(1)
  expect(session.replies.map(({ type }) => type)).toEqual(['result', 'result'])
})

test.each(['mallory@evil.net/x', 'evil.net', 'stun.example.org', 'me@example.org/other'])(
  'S-115 what %s pushes is not',
  async (from) => {
    const { session, pushed } = setUp()
    const outcome = session.ask(pushServices, { services: [turn] }, from)
    await expect(outcome).rejects.toMatchObject({ condition: 'service-unavailable' })
    expect([pushed, session.rejected.length]).toEqual([[], 1])
  },
)
