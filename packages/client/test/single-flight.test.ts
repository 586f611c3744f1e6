import type { ClientStatus, Connection, ConnectionListener, NetworkEvent, NetworkHooks } from '@couplet/client'
import { ConnectionError, memoryStore } from '@couplet/client'
import { type FullJid, Jid, StreamError } from '@couplet/stanza'
import {
  faultTransport,
  type SeededRandom,
  seededRandom,
  startLoopback,
  type VirtualTime,
  virtualTime,
} from '@couplet/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConnectionLoop } from '../src/connection-loop.js'
import type { Login } from '../src/login.js'
import { PluginHost } from '../src/plugin-host.js'
import { SessionCore } from '../src/session-core.js'
import { XmppStream } from '../src/xmpp-stream.js'
import { expectLegal, observe, users } from './outage.js'

const nextTurn = setImmediate
const account = Jid.parse('alice@example.org').bare
const full = Jid.of({ local: 'alice', domain: 'example.org', resource: 'r' }) as FullJid

/** A network that a test switches on and off. */
class Network implements NetworkHooks {
  isOnline = true
  readonly listeners = new Set<(event: NetworkEvent) => void>()

  onChange(listener: (event: NetworkEvent) => void) {
    this.listeners.add(listener)
    return { dispose: () => this.listeners.delete(listener) }
  }

  tell(event: NetworkEvent): void {
    if (event === 'online' || event === 'offline') this.isOnline = event === 'online'
    for (const listener of [...this.listeners]) listener(event)
  }
}

/** A loop whose attempts end as the test wants, and which counts what is under way. */
class Subject {
  readonly network = new Network()
  readonly statuses: ClientStatus[] = []
  readonly loop: ConnectionLoop
  attempts = 0
  inFlight = 0
  open = 0
  /** The most that ever was under way at once. */
  most = 0
  #settle: ((error: Error | undefined) => void) | undefined
  #cut: (() => void) | undefined

  constructor() {
    const core = new SessionCore({ account })
    const store = memoryStore()
    const credentials = { password: 'p', token: undefined, external: undefined, anonymous: undefined }
    const identity = { account, resource: undefined, credentials, service: undefined }
    const settings = {
      transports: [],
      policy: {},
      lang: 'en',
      limits: {},
      presence: {},
      reconnect: true,
      userAgent: undefined,
    }
    const logIn = (_options: unknown, _request: unknown, signal: AbortSignal): Promise<Login> => this.#logIn(signal)
    this.loop = new ConnectionLoop(
      { ...identity, ...settings, store, isStored: false, keepAlive: 3_600_000, network: this.network, logIn },
      core,
      new PluginHost([], core, store),
    )
    core.events.on('status', (status) => this.statuses.push(status))
  }

  /** The attempt that runs, if there is one, ends like this. */
  settle(error?: Error): void {
    this.#settle?.(error)
  }

  /** The connection is lost, if there is one. */
  drop(): void {
    this.#cut?.()
  }

  #logIn(signal: AbortSignal): Promise<Login> {
    this.attempts++
    this.inFlight++
    this.#note()
    return new Promise<Login>((resolve, reject) => {
      const settle = (error: Error | undefined): void => {
        if (this.#settle !== settle) return
        this.#settle = undefined
        this.inFlight--
        signal.removeEventListener('abort', abort)
        if (error !== undefined) reject(error)
        else resolve({ stream: this.#stream(), jid: full, features: undefined, inlined: new Set(), early: [] })
      }
      const abort = (): void => settle(signal.reason as Error)
      this.#settle = settle
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
    })
  }

  #stream(): XmppStream {
    let listener: ConnectionListener | undefined
    const close = (): void => {
      if (this.#cut !== close) return
      this.#cut = undefined
      this.open--
      nextTurn(() => listener?.closed(undefined))
    }
    this.#cut = close
    this.open++
    this.#note()
    const connection: Connection = {
      endpoint: 'test:',
      secure: true,
      framed: false,
      channelBindings: [],
      buffered: 0,
      listen: (given) => {
        listener = given
      },
      write: () => {},
      drained: async () => {},
      pause: () => {},
      end: close,
      destroy: close,
    }
    return new XmppStream(connection)
  }

  #note(): void {
    this.most = Math.max(this.most, this.inFlight + this.open)
  }
}

const failures = [
  () => new ConnectionError('tcp', 'refused', 'nothing listens there'),
  () => new ConnectionError('tls', 'timeout', 'nothing for 15 s'),
  () => new ConnectionError('tls', 'certificate-expired', 'expired'),
  () => new StreamError({ condition: 'conflict' }),
]

/** Something that happens to a loop. */
function act(subject: Subject, random: SeededRandom): void {
  const { loop, network } = subject
  random.pick([
    () => loop.start(),
    () => loop.networkChanged(),
    () => network.tell(random.pick(['online', 'offline', 'wake', 'change'])),
    () => network.tell('online'),
    () => subject.settle(),
    () => subject.settle(),
    () => subject.settle(random.pick(failures)()),
    () => subject.drop(),
    () => {
      loop.networkChanged()
      loop.start()
      network.tell('online')
    },
    () => {
      if (random.below(8) === 0) void loop.stop()
    },
  ])()
}

/** Everything that needs no time is done. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => nextTurn(resolve))
}

describe('R-019 whatever happens at once', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  test('10,000 sequences of it: never two attempts or sessions, and always an end', { timeout: 120_000 }, async () => {
    let attempts = 0
    for (let batch = 0; batch < 100; batch++) {
      const random = seededRandom(batch)
      const subjects = Array.from({ length: 100 }, () => new Subject())
      for (const { loop } of subjects) loop.start()
      for (let step = 0; step < 15; step++) {
        for (const subject of subjects) for (let n = random.below(3); n >= 0; n--) act(subject, random)
        await settled()
        vi.advanceTimersByTime(random.pick([0, 0, 1, 1000, 5000, 60_000, 300_000])) // at once: all that is due meets
        await settled()
      }
      const stops = Promise.all(subjects.map(({ loop }) => loop.stop()))
      for (let second = 0; second < 3; second++) await vi.advanceTimersByTimeAsync(1000)
      await stops
      for (const { most, inFlight, open, loop, network, statuses } of subjects) {
        expect(most).toBeLessThanOrEqual(1)
        expect([inFlight, open, loop.status.state, network.listeners.size]).toEqual([0, 0, 'offline', 0])
        expectLegal(statuses)
      }
      attempts += subjects.reduce((sum, subject) => sum + subject.attempts, 0)
      expect(vi.getTimerCount()).toBe(0)
    }
    expect(attempts, 'there was something to collide').toBeGreaterThan(20_000)
  })
})

describe('R-019 on time that moves as it should', () => {
  let time: VirtualTime
  beforeEach(() => {
    time = virtualTime()
  })
  afterEach(() => time.restore())

  test('the network, the user and the timer: one attempt', async () => {
    const subject = new Subject()
    subject.loop.start()
    await time.settled()
    subject.settle(failures[0]?.())
    await time.settled()
    expect([subject.attempts, subject.statuses.at(-1)?.state]).toEqual([1, 'waiting'])
    const { delay } = subject.statuses.at(-1) as { delay: number }
    const everything = (): void => {
      subject.loop.networkChanged()
      subject.loop.start()
      subject.network.tell('online')
    }
    setTimeout(everything, delay) // right behind the loop's own
    await time.advance(delay)
    expect([subject.attempts, subject.inFlight]).toEqual([2, 1])
    everything()
    await time.settled()
    expect([subject.attempts, subject.inFlight]).toEqual([2, 1])
    await subject.loop.stop()
    expect(time.timerCount).toBe(0)
  })

  test('the same on whole clients: never two connections, and one session in the end', {
    timeout: 60_000,
  }, async () => {
    const server = await startLoopback({ users })
    const random = seededRandom(19)
    const subjects = Array.from({ length: 100 }, () => {
      const faults = faultTransport(server.transport())
      const network = new Network()
      return { faults, network, ...observe(faults, { network, presence: false }) }
    })
    for (const { client } of subjects) client.online().catch(() => {})
    for (let step = 0; step < 20; step++) {
      for (const { faults, network, client } of subjects) {
        random.pick([
          () => client.networkChanged(),
          () => void client.online().catch(() => {}),
          () => network.tell(random.pick(['online', 'offline', 'wake', 'change'])),
          () => network.tell('online'),
          () => faults.cutNow(random.pick(['reset', 'end'])),
          () => faults.refuse(random.below(2) === 0),
        ])()
        expect(faults.connections.length).toBeLessThanOrEqual(1)
      }
      await time.advance(random.pick([0, 1, 500, 5000, 60_000]))
    }
    for (const { faults, network } of subjects) {
      faults.heal()
      network.tell('online')
    }
    await time.advance(300_000)
    for (const { client, faults, statuses } of subjects) {
      expect([client.status.state, faults.connections.length]).toEqual(['online', 1])
      expectLegal(statuses)
    }
    await time.until(Promise.all(subjects.map(({ client }) => client.close())))
    await time.until(server.stop())
    expect(time.timerCount).toBe(0)
  })
})
