import { createClient, memoryStore, type StateStore } from '@couplet/client'
import { disco } from '@couplet/disco'
import { message } from '@couplet/stanza'
import { faultTransport, type LoopbackServer, startLoopback, type VirtualTime, virtualTime } from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mam } from '../src/mam.js'

const me = 'me@example.org'

let time: VirtualTime
let server: LoopbackServer
beforeEach(async () => {
  time = virtualTime()
  server = await startLoopback({ users: { me: 'pw', friend: 'pw' } })
})
afterEach(async () => {
  await time.until(server.stop())
  time.restore()
})

/** A process of the account that is killed at a batch of its store: nobody hears of it any more. */
function process(disk: StateStore, seen: string[], dieAt = Number.POSITIVE_INFINITY) {
  const network = faultTransport(server.transport())
  let batches = 0
  const kill = (): void => {
    batches = Number.POSITIVE_INFINITY
    network.cutNow()
    network.refuse()
  }
  const isDead = (): boolean => batches >= dieAt
  const store: StateStore = {
    get: (key) => (isDead() ? new Promise(() => {}) : disk.get(key)),
    batch: async (changes) => {
      if (!isDead()) await disk.batch(changes)
      if (!isDead() && ++batches === dieAt) kill()
      if (isDead()) await new Promise(() => {})
    },
  }
  // A resource of its own is the hard case: all its sessions have the same full JID.
  const options = { jid: `${me}/phone`, password: 'pw', store, transports: [network] }
  const client = createClient({ ...options, plugins: [disco(), mam({ catchUp: true })] })
  const note = ({ body }: { readonly body?: string | undefined }): void => void (isDead() || seen.push(body ?? ''))
  client.onMessage(note)
  client.mam.onMissed(note)
  const results: number[] = []
  client.mam.onCaughtUp(({ count }) => void results.push(count))
  const spare = (): void => {
    dieAt = Number.POSITIVE_INFINITY
  }
  return { client, results, kill, isDead, spare }
}

async function setUp() {
  const friend = createClient({ jid: 'friend@example.org', password: 'pw', transports: [server.transport()] })
  await time.until(friend.online())
  const disk = memoryStore()
  const seen: string[] = []
  const first = process(disk, seen)
  await time.until(first.client.online())
  await time.advance(1000)
  const write = (body: string) => time.until(friend.send(message({ to: me, type: 'chat', body })).acked)
  const online = async (dieAt?: number) => {
    const next = process(disk, seen, dieAt)
    await time.until(Promise.race([next.client.online(), new Promise((resolve) => setTimeout(resolve, 3000))]))
    await time.advance(3000)
    return next
  }
  return { friend, first, seen, write, online }
}

describe('a process that goes on with the session of one that was killed', () => {
  test('R-029 R-032 does not catch up again, and gets what came meanwhile', async () => {
    const { friend, first, seen, write, online } = await setUp()
    await write('one')
    await time.advance(1000)
    first.kill()
    await time.advance(1000)
    await write('two')
    const second = await online()
    expect(second.client.status).toMatchObject({ state: 'online', resumed: true })
    expect([second.results, seen]).toEqual([[], ['one', 'two']])
    await time.until(second.client.close())
    await write('three')
    const third = await online()
    expect([third.results, seen]).toEqual([[0], ['one', 'two', 'three']])
    await time.until(Promise.all([first, second, third].map(({ client }) => client.close())))
    await time.until(friend.close())
  })

  test('R-029 R-036 killed at any write of its store while it catches up, it costs no message', async () => {
    const { friend, first, seen, write, online } = await setUp()
    await time.until(first.client.close())
    const expected: string[] = []
    let deaths = 0
    for (let at = 1, died = true; died; at++) {
      for (const word of ['away', 'dead', 'back']) expected.push(`${word} ${at}`)
      await write(`away ${at}`)
      const dying = await online(at)
      await write(`dead ${at}`)
      died = dying.isDead()
      if (died) deaths++
      else {
        dying.spare()
        await time.until(dying.client.close())
      }
      const next = await online()
      await write(`back ${at}`)
      await time.advance(1000)
      expect(
        expected.filter((body) => !seen.includes(body)),
        `batch ${at}`,
      ).toEqual([])
      await time.until(next.client.close())
      if (died) await time.until(dying.client.close())
    }
    expect(deaths).toBeGreaterThan(5)
    await time.until(friend.close())
  })
})
