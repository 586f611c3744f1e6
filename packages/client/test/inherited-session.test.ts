import { type ClientOptions, memoryStore, type PluginContext, type StateStore } from '@couplet/client'
import { expect, test } from 'vitest'
import { onLoopback, server, time, user } from './loopback-users.js'

onLoopback()

/** A client of alice's that can be cut off for good, and everything its plugin is told about sessions. */
function process(store: StateStore, onSession: () => Promise<void> = async () => {}) {
  const seen: string[] = []
  let isAlive = true
  const network: ClientOptions['network'] = {
    get isOnline() {
      return isAlive
    },
    onChange: () => ({ dispose() {} }),
  }
  const plugin = {
    name: 'witness',
    needs: {},
    setup(context: PluginContext) {
      const offers = (): boolean => context.serverFeatures !== undefined
      for (const stage of ['stream', 'state', 'archive', 'rooms'] as const) {
        context.onSession(async (isResumed) => {
          seen.push(`${stage}${isResumed ? ' resumed' : ''} ${offers()}`)
          if (stage === 'state') await onSession()
        }, stage)
      }
      context.onResume(() => void seen.push(`resume ${offers()}`))
      context.catchesUp(() => true)
      return {}
    },
  } as const
  const batch: StateStore['batch'] = (changes) => (isAlive ? store.batch(changes) : new Promise<void>(() => {}))
  const started = user('alice', { store: { get: store.get, batch }, network, plugins: [plugin] })
  started.client.on('status', ({ state }) => state === 'online' && seen.push('online'))
  const kill = (): void => {
    isAlive = false
    server.drop('alice@example.org')
  }
  return { ...started, seen, kill }
}

const begun = ['stream true', 'state true', 'archive true', 'online', 'rooms true']
const inherited = ['stream resumed true', 'state resumed true', 'resume true', 'online']

test('R-029 R-047 a process that goes on with a session sets itself up, and says nothing that the server knows', async () => {
  const store = memoryStore()
  const [first, bob] = [process(store), user('bob')]
  await time.until(Promise.all([first.client.online(), bob.client.online()]))
  await time.advance(1000)
  expect(first.seen).toEqual(begun)
  first.kill()
  const second = process(store)
  const presences: string[] = []
  second.client.onPresence(({ from }) => void presences.push(String(from)))
  await time.until(second.client.online())
  await time.advance(1000)
  expect([second.sessions, second.seen, presences]).toEqual([[true], inherited, []])
  server.drop('alice@example.org')
  await time.advance(10_000)
  expect(second.seen).toEqual([...inherited, 'resume true', 'online'])
  await time.until(Promise.all([first, second, bob].map(({ client }) => client.close())))
})

test('R-029 what it asks then outlasts the stream: it is asked once, and online waits for it', async () => {
  const store = memoryStore()
  const first = process(store)
  await time.until(first.client.online())
  await time.advance(1000)
  first.kill()
  let go: () => void = () => {}
  const second = process(store, () => new Promise<void>((resolve) => (go = resolve)))
  void second.client.online()
  await time.advance(1000)
  server.drop('alice@example.org')
  await time.advance(10_000)
  expect(second.seen).toEqual([...inherited.slice(0, 3), 'resume true'])
  go()
  await time.advance(0)
  expect(second.seen.at(-1)).toBe('online')
  await time.until(Promise.all([first.client.close(), second.client.close()]))
})
