import type { InboundRequest, Plugin } from '@couplet/client'
import { type Component, NS_COMPONENT } from '@couplet/component'
import { iqGet, marker, message, presence } from '@couplet/stanza'
import type { ScriptedPeer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { domain, next, online } from './scripted.js'

const friend = 'a@example.org/r'
const user = `u@${domain}/x`

const Question = marker('urn:example:q', 'q')
const ask = iqGet(Question)

/** Notes who was asked what. */
const noting = (asked: InboundRequest[]): Plugin<'noting', object> => ({
  name: 'noting',
  needs: {},
  setup(context) {
    context.handle(ask, (_value, request) => {
      asked.push(request)
    })
    return {}
  },
})

describe('what a component sends', () => {
  test('is from the component, if it does not say otherwise', async () => {
    const { component, server } = await online(async (peer) => {
      await peer.expect(new RegExp(`<message [^>]*from='${domain}'[^>]*><body>1`))
      await peer.expect(new RegExp(`<message [^>]*from='${user}'[^>]*><body>2`))
      await peer.expect(new RegExp(`<presence [^>]*from='${domain}'`))
      await peer.expect(new RegExp(`<iq [^>]*from='${domain}'`))
    })
    component.send(message({ to: friend, body: '1' }))
    component.send(message({ to: friend, from: user, body: '2' }))
    component.send(presence({ to: friend }))
    component.request(ask, true, { to: friend }).catch(() => {})
    await server.done
    expect(server.peers[0]?.received).not.toContain('jabber:client') // the namespace is that of the stream
  })

  test('has to be addressed, from its own domain: anything else is the mistake of the program', async () => {
    const { component } = await online(async () => {})
    expect(() => component.send(message({ body: 'x' }))).toThrow('to: missing')
    expect(() => component.send(presence())).toThrow(TypeError)
    expect(() => component.send(message({ to: friend, from: 'a@example.org' }))).toThrow('from: not an address')
    await expect(component.request(ask, true)).rejects.toThrow(TypeError)
  })

  test('is acknowledged when the server has handled something later', async () => {
    const { component } = await online(async (peer) => {
      await peer.expect(/<body>1/)
      const [request, id] = await peer.expect(/<iq [^>]*id='([^']+)'[^>]*><ping [^>]*>/)
      expect(request).toContain(`to='${domain}' from='${domain}'`)
      await peer.send(`${request}</iq>`) // routed as any other
      const [answer] = await peer.expect(new RegExp(`<iq id='${id}'[^>]* type='error'>.*</iq>`))
      await peer.send(answer)
    })
    await component.send(message({ to: friend, body: '1' })).acked
  })

  test('is acknowledged by another server, if that is to be asked; nobody else can do so (S-163)', async () => {
    const { component, events } = await online(
      async (peer) => {
        const [request] = await peer.expect(/<iq [^>]*><ping [^>]*>/)
        expect(request).toContain(`to='example.org'`)
        const [, id] = /id='([^']+)'/.exec(request) ?? []
        await peer.send(`<iq id='${id}' type='result' from='${domain}' to='${domain}'/>`)
        await peer.send(`<iq id='${id}' type='result' from='example.org' to='${domain}'/>`)
      },
      undefined,
      { server: 'example.org' },
    )
    await component.send(message({ to: friend, body: '1' })).acked
    expect(events).toMatchObject([['rejected', { reason: 'reply-sender' }]])
  })

  test('a silent server is noticed: the probe has a deadline', async () => {
    const { component } = await online((peer) => peer.closed, undefined, { requestTimeout: 20 })
    const over = next(component, 'offline')
    const { acked } = component.send(message({ to: friend, body: '1' }))
    await expect(acked).rejects.toBeInstanceOf(Error)
    expect((await over).error).toMatchObject({ name: 'ConnectionError', code: 'timeout', phase: 'session' })
  })
})

describe('what a component gets', () => {
  test('is answered from the address it was sent to', async () => {
    const reply = (component: Component) => component.onMessage((inbound) => void inbound.reply('hello'))
    const script = async (peer: ScriptedPeer) => {
      await peer.send(`<message from='${friend}' to='${user}' type='chat'><body>hi</body><thread>t</thread></message>`)
      const answer = await peer.expectElement(NS_COMPONENT, 'message')
      const attributes = ['from', 'to', 'type'].map((name) => answer.attr(name))
      expect([...attributes, answer.child('thread')?.text]).toEqual([user, friend, 'chat', 't'])
    }
    const { server } = await online(script, reply)
    await server.done
  })

  test('requests say which address was asked, and are answered from there', async () => {
    const asked: InboundRequest[] = []
    const { server } = await online(
      async (peer) => {
        await peer.send(`<iq type='get' id='1' from='${friend}' to='${user}'><q xmlns='urn:example:q'/></iq>`)
        await peer.expect(new RegExp(`<iq id='1' to='${friend}' from='${user}' type='result'/>`))
        await peer.send(`<iq type='get' id='2' from='${friend}' to='${domain}'><x xmlns='urn:example:x'/></iq>`)
        await peer.expect(new RegExp(`<iq id='2' to='${friend}' from='${domain}' type='error'>.*service-unavailable`))
      },
      undefined,
      { plugins: [noting(asked)] as never },
    )
    await server.done
    expect(asked.map(({ from, to, id }) => [String(from), String(to), id])).toEqual([[friend, user, '1']])
  })

  test('S-112 what is for somebody else, or from nobody, is dropped and reported', async () => {
    const asked: InboundRequest[] = []
    const stanzas = [
      `<iq type='get' id='1' from='${friend}' to='example.org'><q xmlns='urn:example:q'/></iq>`,
      `<iq type='get' id='2' from='${friend}'><q xmlns='urn:example:q'/></iq>`,
      `<message from='${friend}' to='u@sub.${domain}'><body>no</body></message>`,
      `<message to='${domain}'><body>no</body></message>`,
      `<presence from='${friend}' to='@'/>`,
    ]
    const bodies: (string | undefined)[] = []
    const { events, server } = await online(
      async (peer) => {
        await peer.send(stanzas.join(''))
        await peer.send(`<message from='${friend}' to='u@${domain.toUpperCase()}'><body>yes</body></message>`)
        await peer.expect(/<body>yes</)
      },
      (component) => {
        component.onPresence(() => void bodies.push('presence'))
        component.onMessage((inbound) => void [bodies.push(inbound.body), inbound.reply('yes')])
      },
      { plugins: [noting(asked)] as never },
    )
    await server.done
    expect([bodies, asked]).toEqual([['yes'], []])
    expect(events.map(([name, event]) => [name, (event as { reason: string }).reason])).toEqual(
      stanzas.map(() => ['rejected', 'addressee']),
    )
    expect(server.peers[0]?.received).not.toContain(`id='1'`)
  })

  test('the same text to two of its users is two messages, also if it was delayed', async () => {
    const copy = (to: string) =>
      `<message id='m1' from='room@example.org/nick' to='${to}' type='groupchat'><body>hi</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/></message>`
    const script = async (peer: ScriptedPeer) => {
      await peer.send(copy(`u@${domain}/1`) + copy(`v@${domain}/1`) + copy(`v@${domain}/1`))
      await peer.send(`<message from='room@example.org/nick' to='${domain}'><body>last</body></message>`)
      await peer.expect(/<body>done</)
    }
    const got: string[] = []
    const { server } = await online(script, (component) => {
      component.onMessage((inbound) => {
        got.push(String(inbound.to))
        if (inbound.body === 'last') inbound.reply('done')
      })
    })
    await server.done
    expect(got).toEqual([`u@${domain}/1`, `v@${domain}/1`, domain])
  })

  test('S-163 the own account is the component; the server above it is somebody else', async () => {
    const own: string[] = []
    const plugin: Plugin<'own', object> = {
      name: 'own',
      needs: {},
      setup(context) {
        for (const from of ['ownAccount', 'ownServer'] as const) {
          context.onMessage(Question, (_value, inbound) => void own.push(`${from} ${inbound.from}`), { from })
        }
        return {}
      },
    }
    const question = (from: string) => `<message from='${from}' to='${domain}'><q xmlns='urn:example:q'/></message>`
    const { events, server } = await online(
      async (peer) => {
        await peer.send(question('example.org') + question(user) + question(`${domain}/x`) + question(domain))
        await peer.send(`<message from='${friend}' to='${domain}'><body>last</body></message>`)
        await peer.expect(/<body>done</)
      },
      (component) => component.onMessage((inbound) => void (inbound.body && inbound.reply('done'))),
      { plugins: [plugin] as never },
    )
    await server.done
    expect(own).toEqual([`ownAccount ${domain}`, `ownServer ${domain}`])
    expect(events.filter(([name]) => name === 'rejected')).toHaveLength(3)
  })
})
