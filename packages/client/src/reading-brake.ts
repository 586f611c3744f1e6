import type { Lanes } from './lanes.js'
import type { StanzaWriter } from './outbox.js'
import type { AckSource } from './send-ticket.js'

/** Handlers that wait for their turn: where reading stops, and where it goes on. */
const tooMany = 500
const fewEnough = 100

/**
 * Inbound back-pressure: the connection is not read while too many stanzas wait for the application. Unless somebody waits
 * for the server, since the answer lies behind what is not read.
 */
export class ReadingBrake {
  /** Called when reading stops and when it goes on: silence means nothing in between. */
  onChange: ((isOn: boolean) => void) | undefined
  readonly #lanes: Lanes
  readonly #isAwaited: () => boolean
  #connection: StanzaWriter['connection']
  #isOn = false

  constructor(lanes: Lanes, isAwaited: () => boolean) {
    this.#lanes = lanes
    this.#isAwaited = isAwaited
  }

  /** There is a connection to stop. */
  connect(connection: StanzaWriter['connection']): void {
    this.#isOn = false
    this.#connection = connection
  }

  /** The connection is gone. */
  release(): void {
    this.#set(false)
    this.#connection = undefined
  }

  /** Something that counts has changed. */
  check(): void {
    const { waiting } = this.#lanes
    if (!this.#isOn && waiting < tooMany) return
    this.#set(waiting > fewEnough && !this.#isAwaited())
  }

  /** Somebody who waits for an acknowledgement waits for what the server says: it must be read. */
  checking(acks: AckSource | undefined): AckSource {
    const confirm: AckSource['confirm'] = (ticket) => {
      acks?.confirm(ticket)
      this.check()
    }
    return { confirm }
  }

  #set(isOn: boolean): void {
    if (isOn === this.#isOn || this.#connection === undefined) return
    this.#isOn = isOn
    this.#connection.pause(isOn)
    this.onChange?.(isOn)
  }
}
