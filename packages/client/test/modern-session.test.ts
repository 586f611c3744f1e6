import { inspect } from 'node:util'
import type { Plugin } from '@couplet/client'
import type { Script, ScriptedPeer } from '@couplet/testing'
import { scriptedServer } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import { NS_SASL2, NS_SM } from '../src/elements.js'
import { memoryStore } from '../src/state-store.js'
import { bare, bound, failed, full, success, token, welcome } from './modern-server.js'
import { account, expectNoSecret, letGo, password, victim } from './victim.js'

/** Says that it looks into the archive, so that Bind 2 may be used; and does not. */
const archivist: Plugin<'archivist', Record<never, never>> = {
  name: 'archivist',
  needs: {},
  setup: (context) => {
    context.catchesUp(() => true)
    return {}
  },
}

/** The modern login with a token, and then this script. */
const T3 = (script: Script) =>
  scriptedServer(
    async (peer) => {
      await welcome(peer, { bind: [] }, bound() + token('canary-token'))
      peer.polite()
      await script(peer)
      await letGo(peer)
    },
    { transport: 'memory', ...account },
  )

describe('S-055 the login is over', () => {
  test.each([
    ['a challenge', `<challenge xmlns='${NS_SASL2}'>cj14</challenge>`],
    ['a second success', success('v=AAAA', bound())],
    ['a failure', failed('not-authorized')],
    ['a task', `<continue xmlns='${NS_SASL2}'><tasks><task>X</task></tasks></continue>`],
    ['another binding', bound()],
    ['a token', token('evil-token')],
    ['features', `<stream:features><mechanisms xmlns='${NS_SASL2}'/></stream:features>`],
  ])('%s in the session ends it, and the password is not asked for again', async (_, element) => {
    const fetch = vi.fn(() => password)
    let go: () => void = () => {}
    const ready = new Promise<void>((resolve) => {
      go = resolve
    })
    await using server = await T3(async (peer: ScriptedPeer) => {
      await ready
      await peer.send(element)
    })
    const target = victim(server, { password: fetch, reconnect: false, plugins: [archivist] })
    await target.online
    go()
    const { error } = await target.failure
    expect(error).toMatchObject({ name: 'StreamError', condition: 'policy-violation' })
    await target.client.close()
    await server.peers[0]?.closed
    expect(server.peers[0]?.received).toContain('<policy-violation')
    expect(fetch).toHaveBeenCalledOnce()
    expect(server.peers).toHaveLength(1)
  })
})

describe('S-063 secrets of the modern login', () => {
  test('show nowhere', async () => {
    await using server = await T3(() => {})
    const store = memoryStore()
    const { client, online, events } = victim(server, { store, plugins: [archivist] })
    await online
    expect(String(client.jid)).toBe(full)
    expectNoSecret(client, client.status, events)
    const shown = inspect([client, client.status, events], { depth: 20, showHidden: true, getters: true })
    expect(shown).not.toContain('canary-token')
    // Where it is kept, below the account it is for (S-064).
    expect(JSON.stringify(await store.get(`${bare}/login`))).toContain('canary-token')
    await client.close()
  })
})

describe('S-067 before TLS', () => {
  test('nothing is asked for that changes an account, even if the server offers it', async () => {
    const script: Script = async (peer) => {
      await peer.streamHeader()
      const register = `<register xmlns='http://jabber.org/features/iq-register'/>`
      await peer.offer(`${register}<sm xmlns='${NS_SM}'/>`)
      await peer.stanza(`<iq type='result' id='1' from='mallory@evil.net'><query xmlns='jabber:iq:register'/></iq>`)
      await letGo(peer)
    }
    await using server = await scriptedServer(script, { transport: 'tcp', ...account })
    const { client, failure } = victim(server, { reconnect: false })
    expect((await failure).error).toMatchObject({ phase: 'tls', code: 'unexpected-element' })
    await client.close()
    expect(server.peers[0]?.received).not.toMatch(/<(iq|auth|authenticate|message|presence)\b/)
    expect(server.peers[0]?.received).not.toContain('alice')
  })
})
