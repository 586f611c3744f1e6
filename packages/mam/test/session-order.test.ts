import { carbons } from '@couplet/carbons'
import { type Client, createClient, memoryStore } from '@couplet/client'
import { disco } from '@couplet/disco'
import { roster } from '@couplet/roster'
import { message } from '@couplet/stanza'
import { startLoopback } from '@couplet/testing'
import { expect, onTestFinished, test } from 'vitest'
import { type Mam, mam } from '../src/index.js'

/** A transport that keeps what the client sends. */
function recorded(inner: ReturnType<Awaited<ReturnType<typeof startLoopback>>['transport']>) {
  const sent: string[] = []
  const transport: typeof inner = {
    name: inner.name,
    schemes: inner.schemes,
    async connect(options) {
      const connection = await inner.connect(options)
      return new Proxy(connection, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target)
          if (key === 'write') {
            return (text: string) => {
              sent.push(text)
              target.write(text)
            }
          }
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
  return { transport, text: () => sent.join('') }
}

const caughtUp = (client: { mam: Mam }) => new Promise<unknown>((resolve) => client.mam.onCaughtUp(resolve))

const setUp = async () => {
  const server = await startLoopback({ users: { me: 'pw', friend: 'pw' } })
  onTestFinished(() => server.stop())
  const close = <C extends Client>(client: C): C => {
    onTestFinished(() => client.close())
    return client
  }
  const common = { password: 'pw', reconnect: false }
  const friend = close(createClient({ ...common, jid: 'friend@example.org', transports: [server.transport()] }))
  await friend.online()
  const store = memoryStore()
  const open = () => {
    const { transport, text } = recorded(server.transport())
    const plugins = [mam({ catchUp: true }), roster(), carbons(), disco()] as const
    const client = close(createClient({ ...common, store, jid: 'me@example.org', transports: [transport], plugins }))
    return { client, text }
  }
  return { friend, open }
}

test('R-031 on the wire: carbons, roster, the head of the archive, the catch-up, and then the presence', async () => {
  const { open } = await setUp()
  const { client, text } = open()
  const done = caughtUp(client)
  await client.online()
  await done
  const places = ["<enable xmlns='urn:xmpp:carbons:2'", "xmlns='jabber:iq:roster'", '<before/>', '<presence']
  const found = places.map((place) => text().indexOf(place))
  expect(found.every((at) => at >= 0)).toBe(true)
  expect(found).toEqual([...found].sort((a, b) => a - b))
  const queries = [...text().matchAll(/<query xmlns='urn:xmpp:mam:2'/g)].map(
    ({ index }) => index < text().indexOf('<presence'),
  )
  expect(queries).toEqual([true, true, false])
})

test('R-036 what came meanwhile comes once, from the archive or from where the server held it', async () => {
  const { friend, open } = await setUp()
  const first = open().client
  const begun = caughtUp(first)
  await first.online()
  await begun
  await first.close()
  const bodies = Array.from({ length: 120 }, (_, i) => String(i))
  for (const body of bodies) await friend.send(message({ to: 'me@example.org', type: 'chat', body })).acked
  const { client } = open()
  const seen: string[] = []
  client.onMessage(({ body = '' }) => void seen.push(body))
  client.mam.onMissed(({ body = '' }) => void seen.push(body))
  const done = caughtUp(client)
  await client.online()
  await done
  expect([...seen].sort((a, b) => Number(a) - Number(b))).toEqual(bodies)
})
