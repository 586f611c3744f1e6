import { carbons } from '@couplet/carbons'
import { createClient, type InboundMessage, type SendHandle, type Transport } from '@couplet/client'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { attr, element, message } from '@couplet/stanza'
import { tcp } from '@couplet/tcp'
import { type FaultProxy, startFaultProxy } from '@couplet/testing'
import type { Account, LabServer } from '../../src/lab-server.js'
import { type Recording, recordingTransport } from '../conformance/recording-transport.js'
import { Ledger } from './ledger.js'

/** What carries the number of a message. */
const Numbered = element('urn:couplet:soak', 'n', { value: attr('value') })

/** Messages that may wait for their outcome. */
const windowSize = 20

/** One of two clients that send each other numbered messages, behind a proxy of its own. */
export class NumberedSide {
  readonly ledger = new Ledger()
  readonly errors: unknown[] = []
  readonly failures: unknown[] = []
  readonly sessions = { fresh: 0, resumed: 0 }
  readonly client: ReturnType<typeof numberedClient>
  /** What went over its connections. */
  readonly recording: Recording
  /** Ids of its messages by their numbers. */
  readonly ids: string[] = []
  readonly proxy: FaultProxy
  sent = 0
  /** How many of them were sent before {@link stop}. */
  counted = 0
  /** Whether it tries again at once: while the server is there. */
  isHurried = true
  #isSending = true
  #sending: Promise<void> = Promise.resolve()

  constructor(server: LabServer, account: Account, proxy: FaultProxy) {
    this.proxy = proxy
    const { transport, recording } = recordingTransport(tcp({ ca: server.ca }))
    this.recording = recording
    this.client = numberedClient(account, proxy, transport)
    const take = (inbound: InboundMessage): void => {
      const number = inbound.get(Numbered)?.value
      if (number !== undefined && !inbound.from?.bare.equals(this.client.account)) this.ledger.add(Number(number))
    }
    this.client.onMessage(take)
    this.client.mam.onMissed(take)
    this.client.on('error', (error) => this.errors.push(error))
    this.client.on('status', (status) => {
      if (status.state === 'online') this.sessions[status.resumed ? 'resumed' : 'fresh']++
      // A test waits for no back-off; that has tests of its own.
      if (status.state === 'waiting' && this.isHurried) queueMicrotask(() => this.client.networkChanged())
    })
  }

  /** Sends until {@link stop}, as fast as the outcomes come. */
  start(to: string): void {
    this.#sending = this.#sendAll(to)
  }

  /** Sends no more, and resolves when every outcome is known. */
  async stop(): Promise<void> {
    this.#isSending = false
    await this.#sending
    this.counted = this.sent
  }

  /**
   * Resolves when the other side has got something that was sent after all the rest: that has come, or will not come any more.
   * It is sent again and again, because it may be lost by the server as well.
   */
  async flush(other: NumberedSide): Promise<void> {
    let isThere = false
    void other.ledger.reached(this.counted).then(() => {
      isThere = true
    })
    while (!isThere) await this.#send(String(other.client.account))
  }

  /** The numbers that the own archive has, of messages between the two, from this account. */
  async archived(other: string, from: string): Promise<Set<number>> {
    const numbers = new Set<number>()
    for await (const { message } of this.client.mam.query({ with: other })) {
      const value = message.get(Numbered)?.value
      if (value !== undefined && String(message.from?.bare) === from) numbers.add(Number(value))
    }
    return numbers
  }

  async #sendAll(to: string): Promise<void> {
    const under = new Set<Promise<void>>()
    while (this.#isSending) {
      const outcome = this.#send(to).finally(() => under.delete(outcome))
      under.add(outcome)
      if (under.size >= windowSize) await Promise.race(under)
    }
    await Promise.all(under)
  }

  #send(to: string): Promise<void> {
    const value = String(this.sent++)
    const handle = this.client.send(message({ to, type: 'chat', body: `message ${value}` }, Numbered({ value })))
    this.ids.push(handle.id)
    return this.#settle(handle)
  }

  async #settle({ acked }: SendHandle): Promise<void> {
    try {
      await acked
    } catch (error) {
      this.failures.push(error)
    }
  }
}

function numberedClient({ jid, password }: Account, proxy: FaultProxy, transport: Transport) {
  return createClient({
    jid,
    password,
    service: proxy.service('xmpps'),
    transports: [transport],
    plugins: [disco(), carbons(), mam({ catchUp: true })],
  })
}

/** A side with its proxy before a server. */
export async function numberedSide(server: LabServer, account: Account): Promise<NumberedSide> {
  const proxy = await startFaultProxy({ target: { host: server.ip, port: server.ports.directTls } })
  return new NumberedSide(server, account, proxy)
}
