import type { Lanes } from './lanes.js'
import type { StanzaWriter } from './line.js'

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
  readonly #changed: (isOn: boolean) => void
  #connection: StanzaWriter['connection']
  #isOn = false

  /**
   * @param isAwaited whether somebody waits for what only the server can tell
   * @param changed the same as {@link onChange}, for what outlives a connection
   */
  constructor(lanes: Lanes, isAwaited: () => boolean, changed: (isOn: boolean) => void = () => {}) {
    this.#lanes = lanes
    this.#isAwaited = isAwaited
    this.#changed = changed
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

  #set(isOn: boolean): void {
    if (isOn === this.#isOn || this.#connection === undefined) return
    this.#isOn = isOn
    this.#connection.pause(isOn)
    this.#changed(isOn)
    this.onChange?.(isOn)
  }
}
