import { NS_CLIENT, StreamError, type StreamEvent } from '@couplet/stanza'
import { isOurs } from './close-reasons.js'
import { ConnectionError } from './connection-error.js'
import { NS_SM } from './elements.js'
import { Liveness } from './liveness.js'
import type { Login } from './login.js'
import { negotiated } from './nonza.js'
import type { SessionCore } from './session-core.js'
import type { XmppStream } from './xmpp-stream.js'

/** Serves one stream: feeds the session from it, watches whether the server is there, and knows when and why it is over. */
export class StreamWatch {
  /** Resolves with the reason when the stream is over. */
  readonly ended: Promise<Error>
  /** Whether the server has closed the stream as it should, so that there is nothing to resume (XEP-0198 §7). */
  isClosedByServer = false
  readonly stream: XmppStream
  readonly liveness: Liveness
  readonly #core: SessionCore
  #resolve: (error: Error) => void = () => {}
  #isOver = false

  /** @param idle milliseconds without an inbound byte after which the server is asked for a sign of life */
  constructor({ stream, limits }: Login, core: SessionCore, idle: number | undefined) {
    this.stream = stream
    this.#core = core
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.liveness = new Liveness(
      {
        probe: () => core.probe(),
        allowance: () => core.continuity.management?.allowance ?? 0,
        dead: () => this.dead(),
      },
      { idle },
    )
    this.liveness.limit(limits?.idleSeconds)
    stream.watch = this.liveness
  }

  /** From now on what comes belongs to the session. */
  start(): void {
    const { stream, liveness } = this
    this.#core.brake.onChange = (isOn) => liveness.pause(isOn)
    liveness.start()
    void stream.ended.then((error) => this.end(error))
    stream.listen((event) => {
      if (this.#isOver) return
      const error = this.#take(event)
      if (error === undefined) return
      if (event.type === 'end') this.isClosedByServer = true
      this.fail(error)
    })
  }

  /** The stream must end, for this reason. */
  fail(error: Error): void {
    this.stream.close(isOurs(error) ? error : undefined)
    this.end(error)
  }

  /** The server does not answer. */
  dead(): void {
    this.stream.connection.destroy()
    this.end(new ConnectionError('session', 'timeout', 'the server does not answer'))
  }

  /** The stream is over. */
  end(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.liveness.stop()
    this.#resolve(error)
  }

  /** @returns why the stream ends with this event, if it does */
  #take(event: StreamEvent): Error | undefined {
    if (event.type === 'error') return event.error
    if (event.type !== 'element') return new ConnectionError('session', 'closed', 'the server closed the stream')
    const { element } = event
    const { ns, name } = element
    if (ns === NS_CLIENT && (name === 'message' || name === 'presence' || name === 'iq')) {
      this.#core.deliver(element)
      return undefined
    }
    if (ns === NS_SM && this.#core.continuity.management !== undefined) return this.#core.continuity.take(element)
    if (negotiated.has(ns)) return new StreamError({ condition: 'policy-violation', text: 'the negotiation is over' })
    return new StreamError({ condition: 'unsupported-stanza-type', text: 'not a stanza' })
  }
}
