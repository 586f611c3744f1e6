import { type ClientOptions, memoryStore, type PluginContext, type StateRecord, type StateStore } from '@couplet/client'
import { iqGet, marker, message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { onLoopback, server, time, user } from './loopback-users.js'

onLoopback()

/** A client whose process can be killed: the store does not hear of it any more, nor does the server. */
function mortal(store: StateStore) {
  let isAlive = true
  const { get, batch } = store
  const options: Partial<ClientOptions> = {
    store: { get, batch: (changes) => (isAlive ? batch(changes) : new Promise<void>(() => {})) },
    network: {
      get isOnline() {
        return isAlive
      },
      onChange: () => ({ dispose() {} }),
    },
  }
  const kill = (): void => {
    isAlive = false
    server.drop('alice@example.org')
  }
  return { ...user('alice', options), kill }
}

const ping = iqGet(marker('urn:xmpp:ping', 'ping'))

describe('a session that was stored', () => {
  test('goes on under its full JID: requests are answered, and messages to it arrive', async () => {
    const store = memoryStore()
    const [first, bob] = [mortal(store), user('bob')]
    await Promise.all([first.client.online(), bob.client.online()])
    const { jid } = first.client
    first.kill()
    const second = user('alice', { store })
    await time.until(second.client.online())
    expect([second.sessions, String(second.client.jid)]).toEqual([[true], String(jid)])
    expect(String(jid)).toMatch(/^alice@example.org\/./)
    await time.until(second.client.request(ping, true, { to: 'bob@example.org' }).catch(() => {}))
    await time.until(second.client.request(ping, true))
    await time.until(bob.client.send(message({ to: jid, type: 'chat', body: 'still you' })).acked)
    await time.advance(1000)
    expect(second.bodies).toEqual(['still you'])
    await time.until(Promise.all([first, second, bob].map(({ client }) => client.close())))
  })

  test('R-029 is announced by the next process, if the one that was killed had not got to it', async () => {
    const store = memoryStore()
    const [first, bob] = [mortal(store), user('bob')]
    await time.until(bob.client.online())
    // Killed when the session can be resumed and its presence is not on its way.
    const { batch } = store
    store.batch = async (changes) => {
      await batch(changes)
      const session = changes.find(({ key }) => key === 'alice@example.org/session')?.record?.value
      if ((session as { id?: string } | undefined)?.id !== undefined) first.kill()
    }
    void first.client.online().catch(() => {})
    await time.advance(1000)
    store.batch = batch
    const second = user('alice', { store })
    await time.until(second.client.online())
    await time.until(bob.client.send(message({ to: 'alice@example.org', type: 'chat', body: 'there?' })).acked)
    await time.advance(1000)
    expect([second.sessions, second.bodies]).toEqual([[true], ['there?']])
    await time.until(Promise.all([first, second, bob].map(({ client }) => client.close())))
  })

  test('R-029 is over once its goodbye is sent, whatever becomes of the process', async () => {
    const store = memoryStore()
    const [first, bob] = [mortal(store), user('bob')]
    await time.until(Promise.all([first.client.online(), bob.client.online()]))
    const { batch } = store
    store.batch = async (changes) => {
      await batch(changes)
      if (changes.some(({ record }) => JSON.stringify(record ?? null).includes('unavailable'))) first.kill()
    }
    const closed = first.client.close()
    await time.advance(1000)
    store.batch = batch
    const second = user('alice', { store })
    await time.until(second.client.online())
    await time.until(bob.client.send(message({ to: 'alice@example.org', type: 'chat', body: 'there?' })).acked)
    await time.advance(1000)
    expect([second.sessions, second.bodies]).toEqual([[false], ['there?']])
    await time.until(Promise.all([closed, ...[second, bob].map(({ client }) => client.close())]))
  })

  test('of two clients with one store, one keeps its session there, and the other has its own', async () => {
    const store = memoryStore()
    const [one, two] = [user('alice', { store }), user('alice', { store })]
    await Promise.all([one.client.online(), two.client.online()])
    expect(String(one.client.jid)).not.toBe(String(two.client.jid))
    server.drop('alice@example.org') // both
    await time.advance(10_000)
    expect([one.sessions, two.sessions]).toEqual([
      [false, true],
      [false, true],
    ])
    expect(String(one.client.jid)).not.toBe(String(two.client.jid))
    await time.until(one.client.close())
    await time.until(two.client.close())
    const three = user('alice', { store }) // what was closed is not resumed
    await time.until(three.client.online())
    expect(three.sessions).toEqual([false])
    await time.until(three.client.close())
  })

  test('beside another client no token is asked for, no other id is known, and no resource is fought over', async () => {
    const store = memoryStore()
    const inlined = {
      name: 'inlined',
      needs: {},
      setup: (context: PluginContext) => context.catchesUp(() => true),
    } as const
    const [one, two] = [user('alice', { store, plugins: [inlined] }), user('alice', { store, plugins: [inlined] })]
    await time.until(one.client.online())
    const kept = await store.get('alice@example.org/login')
    expect(kept?.value).toMatchObject({ token: { count: 0 } })
    await time.until(two.client.online())
    await time.advance(60_000)
    expect([one.sessions, two.sessions]).toEqual([[false], [false]])
    expect(await store.get('alice@example.org/login')).toEqual(kept)
    await time.until(one.client.close())
    await time.until(two.client.close())
    const three = user('alice', { store, plugins: [inlined] }) // has the place now, and the token
    await time.until(three.client.online())
    const { userAgent, token } = (kept as StateRecord).value as { userAgent: string; token: { token: string } }
    const after = (await store.get('alice@example.org/login'))?.value as { token: { token: string } }
    expect(after).toMatchObject({ userAgent, token: { count: 0 } })
    expect(after.token.token).not.toBe(token.token) // it was used: the server gives a new one
    await time.until(three.client.close())
  })

  test('whose place nobody can tell about is left alone: the client says so, and has a session of its own', async () => {
    const store = memoryStore()
    const first = mortal(store)
    await first.client.online()
    first.kill()
    const problem = new Error('no locks')
    const second = user('alice', { store: { ...store, claim: () => Promise.reject(problem) } })
    const errors: unknown[] = []
    second.client.on('error', (error) => void errors.push(error))
    const before = await store.get('alice@example.org/session')
    await time.until(second.client.online())
    expect([second.sessions, errors]).toEqual([[false], [problem]])
    expect(await store.get('alice@example.org/session')).toEqual(before)
    expect(before).toBeDefined()
    await time.until(Promise.all([first.client.close(), second.client.close()]))
  })
})
