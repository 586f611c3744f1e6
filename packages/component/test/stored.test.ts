import type { StateRecord, StateStore } from '@couplet/client'
import { message } from '@couplet/stanza'
import type { ScriptedPeer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { componentOf, next, serve, welcome } from './scripted.js'

/** A store, and when something is in it. */
function storeOf(records: Map<string, StateRecord>) {
  const waiting = new Set<() => void>()
  const store: StateStore = {
    get: async (key) => records.get(key),
    batch: async (changes) => {
      for (const { key, record } of changes) {
        if (record === undefined) records.delete(key)
        else records.set(key, record)
      }
      for (const look of waiting) look()
    },
  }
  const until = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (JSON.stringify([...records.values()]).includes(text)) resolve()
      }
      waiting.add(look)
      look()
    })
  return { store, until }
}

describe('a component with a store', () => {
  test('that was killed sends what was still waiting to be sent', async () => {
    const hangUp = async (peer: ScriptedPeer) => {
      await welcome(peer)
      await peer.expect(/<body>first</)
      peer.destroy()
    }
    const recover = async (peer: ScriptedPeer) => {
      await welcome(peer)
      await peer.expect(/<message [^>]*from='u@gw.example.org'[^>]*><body>second</)
    }
    const server = await serve([hangUp, recover])
    const records = new Map<string, StateRecord>()
    const { store, until } = storeOf(records)
    const component = componentOf(server, { store, reconnect: true })
    await component.online()
    const lost = next(component, 'waiting')
    component.send(message({ to: 'a@example.org', body: 'first' }))
    await lost
    component.as('u@gw.example.org').send(message({ to: 'a@example.org', body: 'second' }))
    await until('second')
    const { store: left } = storeOf(new Map(records)) // as it is when the process is killed now
    await component.close()
    const successor = componentOf(server, { store: left })
    await successor.online()
    await server.done
    expect(server.peers).toHaveLength(2)
  })
})
