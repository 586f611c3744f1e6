import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AnyPlugin, ClientStatus } from '@couplet/client'
import { type Component, type ComponentOptions, createComponent } from '@couplet/component'
import { disco, getDiscoInfo } from '@couplet/disco'
import { Displayed, Markable, markers } from '@couplet/markers'
import { ping } from '@couplet/ping'
import { receipts } from '@couplet/receipts'
import { Jid, message } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LabServer } from '../../src/lab-server.js'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

const example = fileURLToPath(new URL('../../../../examples/echo-component/echo-component.mjs', import.meta.url))

const live = (await targets()).filter(({ server }) => server)

/** A component of a server that is closed when the test ends; each server has one place for it. */
const newComponent = <const P extends readonly AnyPlugin[] = []>(
  { hosts, componentSecret, ip, ports }: LabServer,
  options: Partial<ComponentOptions<P>> = {},
): Component<P> => {
  const component = createComponent<P>({
    jid: hosts.component,
    secret: componentSecret,
    service: `xmpp://${ip}:${ports.component}`,
    transports: [tcp()],
    reconnect: false,
    ...options,
  } as ComponentOptions<P>)
  onTestFinished(() => component.close())
  return component
}

const openComponent = async <const P extends readonly AnyPlugin[] = []>(
  server: LabServer,
  options: Partial<ComponentOptions<P>> = {},
): Promise<Component<P>> => {
  const component = newComponent(server, options)
  await component.online()
  return component
}

/** Stands between the component and its server, and can break the connection. */
const relayTo = async ({ ip, ports }: LabServer) => {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(ports.component, ip)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {}).on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const drop = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    drop()
    server.close()
  })
  return { service: `xmpp://127.0.0.1:${(server.address() as AddressInfo).port}`, drop }
}

const everyone = { answer: () => true } as const

describe.each(live)('a component of $title', (target) => {
  const server = target.server as LabServer
  const domain = server.hosts.component

  test('gets a message and answers from the address it was sent to', async () => {
    const component = await openComponent(server)
    expect(String(component.jid)).toBe(domain)
    component.onMessage(async (inbound) => {
      await inbound.reply(`you said ${inbound.body}`).acked
    })
    const client = await openClient(target)
    const inbox = messagesOf(client)
    const user = `romeo@${domain}/balcony`
    await client.send(message({ to: user, type: 'chat', thread: 't1', body: 'hello <there>' })).acked
    await client.send(message({ to: domain, body: 'and here' })).acked
    const received = await inbox.until(2)
    expect(received.map(({ from, type, thread, body }) => [String(from), type, thread, body])).toEqual([
      [user, 'chat', 't1', 'you said hello <there>'],
      [domain, 'normal', undefined, 'you said and here'],
    ])
  })

  test('what it sends is acknowledged, whether itself or its server is asked for that', async () => {
    const client = await openClient(target)
    const inbox = messagesOf(client)
    for (const asked of [undefined, server.domain]) {
      await using component = await openComponent(server, { server: asked })
      await component.send(message({ to: client.jid, type: 'chat', body: String(asked) })).acked
    }
    expect((await inbox.until(2)).map(({ from, body }) => [String(from), body])).toEqual([
      [domain, 'undefined'],
      [domain, server.domain],
    ])
  })

  test('answers disco#info and pings of a client, at any of its addresses', async () => {
    const identity = { category: 'gateway', type: 'irc' }
    await openComponent(server, { plugins: [disco({ identity, name: 'IRC', ...everyone }), ping(everyone)] })
    const client = await openClient(target, { plugins: [disco(), ping()] })
    const info = await client.disco.info(domain)
    expect(info.identities).toMatchObject([{ ...identity, name: 'IRC' }])
    expect(info.features).toContain('urn:xmpp:ping')
    expect(await client.disco.supports(`room%server@${domain}`, 'urn:xmpp:ping')).toBe(true)
    await client.ping.send(`somebody@${domain}/r`)
  })

  test('asks its server and a client, also by the address of one of its users', async () => {
    const component = await openComponent(server, { plugins: [disco(), ping()] })
    expect((await component.disco.info(server.domain)).identities).toContainEqual(
      expect.objectContaining({ category: 'server' }),
    )
    const user = Jid.parse(`juliet@${domain}/chamber`)
    const askers: string[] = []
    const note = (from: Jid): boolean => askers.push(String(from)) > 0
    const client = await openClient(target, { plugins: [disco({ answer: note })] })
    await component.disco.info(client.jid)
    await component.as(user).request(getDiscoInfo, {}, { to: client.jid })
    expect(askers).toEqual([domain, String(user)])
  })

  test('one of its users talks to a client', async () => {
    const component = await openComponent(server)
    const user = component.as(`juliet@${domain}`)
    const client = await openClient(target)
    const heard = messagesOf(user)
    client.onMessage(async (inbound) => {
      await inbound.reply('who is there?').acked
    })
    await user.send(message({ to: client.jid, type: 'chat', body: 'hello' })).acked
    expect(await heard.until(1)).toMatchObject([{ body: 'who is there?', to: user.jid }])
  })

  test('its receipts and markers come from the address that was written to', async () => {
    const plugins = [disco(everyone), receipts(everyone), markers(everyone)]
    const component = await openComponent(server, { plugins })
    component.onMessage(async (inbound) => void (await component.markers.displayed(inbound)))
    const client = await openClient(target, { plugins: [receipts()] })
    const juliet = `juliet@${domain}/balcony`
    const seen = new Promise<string>((resolve) => {
      client.onMessage(Displayed, (_marker, { from }) => resolve(String(from)), { from: 'anyone' })
    })
    const { received } = client.receipts.send({ to: juliet, type: 'chat', body: 'hello' }, [Markable()])
    expect([String(await received), await seen]).toEqual([juliet, juliet])
  })

  test('comes back when the connection breaks, and sends what it was given meanwhile', async () => {
    const { service, drop } = await relayTo(server)
    const component = await openComponent(server, { service, reconnect: true })
    const client = await openClient(target)
    const inbox = messagesOf(client)
    const states: ClientStatus['state'][] = []
    let sent: ReturnType<typeof component.send> | undefined
    const back = new Promise<void>((resolve) => {
      component.on('status', ({ state }) => {
        states.push(state)
        if (state === 'waiting') sent ??= component.send(message({ to: client.jid, body: 'meanwhile' }))
        if (state === 'online') resolve()
      })
    })
    drop()
    await back
    expect([states[0], states.at(-1)]).toEqual(['waiting', 'online'])
    await sent?.acked
    expect(await inbox.until(1)).toMatchObject([{ body: 'meanwhile' }])
  })

  test('a bad secret is refused for good', async () => {
    const component = newComponent(server, { secret: 'wrong-canary', reconnect: true })
    const error = await component.online().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'AuthenticationError', condition: 'not-authorized', retry: 'user' })
    expect(component.status).toEqual({ state: 'offline', error })
  })

  test('a name that the server does not know is refused for good', async () => {
    const component = newComponent(server, { jid: `unknown.${server.domain}`, reconnect: true })
    const error = await component.online().catch((reason: unknown) => reason)
    const refusal =
      server.kind === 'prosody'
        ? { name: 'StreamError', condition: 'host-unknown' }
        : { name: 'AuthenticationError', condition: 'not-authorized' } // does not tell which names there are
    expect(error).toMatchObject(refusal)
    expect(component.status).toEqual({ state: 'offline', error })
  })

  test('the example answers, on the built packages', async () => {
    const settings = {
      XMPP_COMPONENT: domain,
      XMPP_SECRET: server.componentSecret,
      XMPP_SERVICE: `xmpp://${server.ip}:${server.ports.component}`,
    }
    const env = { ...process.env, ...settings }
    const child = spawn(process.execPath, [example], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    expect(line).toBe(`online as ${domain}`)
    const client = await openClient(target)
    const inbox = messagesOf(client)
    client.send(message({ to: `somebody@${domain}`, type: 'chat', body: 'hello' }))
    expect(await inbox.until(1)).toMatchObject([{ body: 'somebody heard: hello' }])
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  test('two by the same name: refused, or both get a share of what comes', async () => {
    const first = await openComponent(server)
    const second = newComponent(server, { reconnect: true })
    const refused = { name: 'StreamError', condition: 'conflict' }
    if (server.kind === 'prosody') await expect(second.online()).rejects.toMatchObject(refused)
    else await second.online()
    expect(first.status.state).toBe('online')
    expect(second.status).toMatchObject(
      server.kind === 'prosody' ? { state: 'offline', error: refused } : { state: 'online' },
    )
  })
})
