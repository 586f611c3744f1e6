import { describe, expect, test } from 'vitest'
import { onLoopback, say, server, time, user } from './loopback-users.js'

onLoopback()

describe('XEP-0198 §5: a session goes on', () => {
  test('R-021 what is sent before, during and after a cut arrives once and in order, and nobody sees us go', async () => {
    const [alice, bob, other] = [user('alice'), user('bob'), user('alice', { presence: { priority: -1 } })]
    for (const { client } of [alice, bob, other]) await client.online()
    const presences: string[] = []
    other.client.onPresence(({ element }) => void presences.push(String(element)))
    await time.advance(100)
    presences.length = 0 // of those who come
    const sends = [alice.client.send(say('bob', '1'))]
    server.drop(String(alice.client.jid))
    sends.push(alice.client.send(say('bob', '2')))
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    sends.push(alice.client.send(say('bob', '3')))
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    expect(bob.bodies).toEqual(['1', '2', '3'])
    expect([alice.sessions, presences]).toEqual([[false, true], []])
    await time.until(Promise.all([alice, bob, other].map(({ client }) => client.close())))
    expect(time.timerCount).toBe(0)
  })

  test('what the server sent meanwhile arrives once, and a request is answered beyond the cut', async () => {
    const [alice, bob] = [user('alice'), user('bob')]
    await Promise.all([alice.client.online(), bob.client.online()])
    server.drop('bob@example.org')
    const sends = ['1', '2', '3'].map((body) => alice.client.send(say('bob', body)))
    await time.until(Promise.all(sends.map(({ acked }) => acked)))
    await time.advance(5000)
    expect([bob.bodies, bob.sessions]).toEqual([
      ['1', '2', '3'],
      [false, true],
    ])
    await time.until(Promise.all([alice.client.close(), bob.client.close()]))
  })
})
