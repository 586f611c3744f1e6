import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import type { AnyPlugin, ClientEvents, ClientStatus } from '@couplet/client'
import { type Component, type ComponentOptions, createComponent, NS_COMPONENT } from '@couplet/component'
import { tcp } from '@couplet/tcp'
import { type Script, type ScriptedPeer, type ScriptedServer, scriptedServer } from '@couplet/testing'
import { expect, onTestFinished } from 'vitest'

/** The component of these tests, and what must not show anywhere. */
export const domain = 'gw.example.org'
export const secret = 'pencil-canary'

/** The header of an honest server. */
export const header = (attributes = `id='s1' from='${domain}'`): string =>
  `<?xml version='1.0'?><stream:stream xmlns='${NS_COMPONENT}' xmlns:stream='http://etherx.jabber.org/streams' ${attributes}>`

export const streamError = (condition: string, text = ''): string =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>${text && `<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>${text}</text>`}</stream:error></stream:stream>`

/** Plays the login of an honest server (XEP-0114 §3), which closes when the component does. */
export async function welcome(peer: ScriptedPeer, id = 's1'): Promise<void> {
  await peer.expect(/<stream:stream [^>]*>/)
  await peer.send(header(`id='${id}' from='${domain}'`))
  const handshake = await peer.expectElement(NS_COMPONENT, 'handshake')
  expect(handshake.text).toBe(createHash('sha1').update(`${id}${secret}`).digest('hex'))
  peer.polite()
  await peer.send('<handshake/>')
}

/** A server that plays scripts; connections to it are real, so that it is the loopback address that counts. */
export async function serve(scripts: Script | readonly Script[], options: { tls?: boolean } = {}) {
  const server = await scriptedServer(scripts, { domain, transport: options.tls ? 'tls' : 'tcp' })
  onTestFinished(async () => {
    await server.stop()
  })
  return server
}

/** A component of a scripted server; closed when the test ends. */
export function componentOf<const P extends readonly AnyPlugin[] = []>(
  { service, ca }: ScriptedServer,
  options: Partial<ComponentOptions<P>> = {},
): Component<P> {
  const component = createComponent<P>({
    jid: domain,
    secret,
    service: service as URL,
    transports: [tcp({ ca })],
    reconnect: false,
    ...options,
  } as ComponentOptions<P>)
  onTestFinished(() => component.close())
  return component
}

/** The next status of a kind. */
export const next = <S extends ClientStatus['state']>(
  component: Pick<Component, 'on'>,
  state: S,
): Promise<Extract<ClientStatus, { state: S }>> =>
  new Promise((resolve) => {
    const subscription = component.on('status', (status) => {
      if (status.state !== state) return
      subscription.dispose()
      resolve(status as Extract<ClientStatus, { state: S }>)
    })
  })

/** Everything of some kinds that a component reports. */
export function reports(component: Pick<Component, 'on'>): readonly [keyof ClientEvents, unknown][] {
  const list: [keyof ClientEvents, unknown][] = []
  for (const name of ['error', 'malformed', 'rejected', 'undeliverable'] as const) {
    component.on(name, (event) => list.push([name, event]))
  }
  return list
}

/** No form in which the secret could show. */
export function expectNoSecret(...values: readonly unknown[]): void {
  for (const value of values) {
    const text = typeof value === 'string' ? value : inspect(value, { depth: 20, showHidden: true, getters: true })
    expect(text).not.toContain(secret)
    expect(text).not.toContain(Buffer.from(secret).toString('base64'))
  }
}

/** A component that is online, with its server's side of the connection; what comes at once finds its handlers. */
export async function online(
  script: (peer: ScriptedPeer) => Promise<unknown>,
  setUp: (component: Component) => unknown = () => {},
  options: Partial<ComponentOptions> = {},
) {
  const server = await serve(async (peer) => {
    await welcome(peer)
    await script(peer)
  })
  const component = componentOf(server, options)
  const events = reports(component)
  setUp(component)
  await component.online()
  return { component, events, server }
}
