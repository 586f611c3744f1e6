import type { Plugin } from '@couplet/client'
import { NS_COMPONENT } from '@couplet/component'
import { disco } from '@couplet/disco'
import { ping } from '@couplet/ping'
import { attr, element, iqGet, Jid, marker, presence } from '@couplet/stanza'
import type { ScriptedPeer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { componentOf, domain, online, serve, welcome } from './scripted.js'

const friend = 'a@example.org/r'
const user = `u@${domain}/x`

const Question = marker('urn:example:q', 'q')
const ask = iqGet(Question)

describe('component.as(jid)', () => {
  test('asks and sends from there, and hears what is sent there', async () => {
    const { component, server } = await online(async (peer) => {
      const request = await peer.expect(/<iq [^>]*>/)
      expect(request[0]).toContain(`from='${user}'`)
      const [, id] = /id='([^']+)'/.exec(request[0]) ?? []
      await peer.send(`<iq type='result' id='${id}' from='${friend}' to='${user}'/>`)
      expect((await peer.expectElement(NS_COMPONENT, 'presence')).attr('from')).toBe(user)
      for (const to of [domain, `u@${domain}`, `u@${domain}/y`, user]) {
        await peer.send(`<message from='${friend}' to='${to}'><body>${to}</body><q xmlns='urn:example:q'/></message>`)
        await peer.send(`<presence from='${friend}' to='${to}'><q xmlns='urn:example:q'/></presence>`)
      }
      await peer.expect(/<body>done</)
    })
    const [full, bare] = [component.as(user), component.as(Jid.parse(user).bare)]
    expect([String(full.jid), String(full.account)]).toEqual([user, `u@${domain}`])
    const heard: string[] = []
    const note = (who: string) => (_payload: unknown, stanza: { to?: Jid | undefined }) => {
      heard.push(`${who} ${stanza.to}`)
    }
    full.onMessage(Question, note('full message'))
    full.onPresence(Question, note('full presence'))
    full.onPresence((stanza) => note('full whole')(undefined, stanza))
    bare.onMessage((stanza) => note('bare whole')(undefined, stanza))
    component.onMessage((inbound) => void (inbound.body === user && inbound.reply('done')))
    await full.request(ask, true, { to: friend })
    full.send(presence({ to: friend }))
    await server.done
    expect(heard.sort()).toEqual(
      [
        `bare whole u@${domain}`,
        `bare whole ${user}`,
        `bare whole u@${domain}/y`,
        `full message ${user}`,
        `full presence ${user}`,
        `full whole ${user}`,
      ].sort(),
    )
  })

  test('its own account is that address', async () => {
    const script = async (peer: ScriptedPeer) => {
      for (const from of [domain, `u@${domain}`]) {
        await peer.send(`<message from='${from}' to='${user}'><q xmlns='urn:example:q'/></message>`)
      }
      await peer.send(`<message from='${friend}' to='${domain}'><body>last</body></message>`)
      await peer.expect(/<body>done</)
    }
    const heard: string[] = []
    const { server } = await online(script, (component) => {
      const own = component.as(user)
      own.onMessage(Question, (_value, { from }) => void heard.push(String(from)), { from: 'ownAccount' })
      component.onMessage((inbound) => void (inbound.body === 'last' && inbound.reply('done')))
    })
    await server.done
    expect(heard).toEqual([`u@${domain}`])
  })

  test('what is claimed there is for nobody else, also if it cannot be read', async () => {
    const Secret = element('urn:example:q', 'q', { key: attr('key') })
    const heard: (string | undefined)[] = []
    const { server } = await online(
      async (peer) => {
        const secret = `<body>for those who cannot read it</body><q xmlns='urn:example:q'/>`
        await peer.send(`<message from='u@${domain}' to='${user}'>${secret}</message>`)
        await peer.send(`<message from='${friend}' to='${domain}'><body>last</body></message>`)
        await peer.expect(/<body>done</)
      },
      (component) => {
        component.as(user).onMessage(Secret, () => {}, { from: 'ownAccount', claims: true })
        component.onMessage((inbound) => {
          heard.push(inbound.body)
          inbound.reply('done')
        })
      },
    )
    await server.done
    expect(heard).toEqual(['last'])
  })

  test('is for addresses at its domain only', async () => {
    const component = componentOf(await serve(() => {}))
    expect(() => component.as('u@example.org')).toThrow(TypeError)
    expect(() => component.as('@')).toThrow('JID')
  })
})

describe('plugins', () => {
  test('are those of a client', async () => {
    const everyone = { answer: () => true }
    const server = await serve(async (peer) => {
      await welcome(peer)
      await peer.send(
        `<iq type='get' id='1' from='${friend}' to='${user}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
      )
      await peer.expect(/<identity category='gateway' type='irc'\/>.*urn:xmpp:ping/)
    })
    const component = componentOf(server, {
      plugins: [disco({ identity: { category: 'gateway', type: 'irc' }, ...everyone }), ping(everyone)],
    })
    expect(Object.keys(component)).toEqual(expect.arrayContaining(['disco', 'ping']))
    await component.online()
    await server.done
    await expect(component.ping.send(friend, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    )
  })

  test('cannot take the name of what a component has', async () => {
    const server = await serve(() => {})
    const plugin: Plugin<'as', object> = { name: 'as', needs: {}, setup: () => ({}) }
    expect(() => componentOf(server, { plugins: [plugin] as never })).toThrow('none can be called "as"')
  })
})
