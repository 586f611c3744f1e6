import { NS_FRAMING } from '@couplet/client/elements'
import type { XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'

/** What leaves in one request. */
export interface Batch {
  /** The header of a stream that begins or begins again; nothing else is in the batch then. */
  readonly header?: XmlElement
  /** Elements, one after the other. */
  readonly payload: string
  /** Whether the stream ends with it. */
  readonly last: boolean
}

/** Frames and UTF-16 units in one request; servers refuse what is too long. */
const batchFrames = 64
const batchUnits = 65_536

const opening = `<open xmlns='${NS_FRAMING}'`
const closing = `<close xmlns='${NS_FRAMING}'`

/** Frames (RFC 7395) that wait to leave, in order. */
export class Outbox {
  #frames: string[] = []
  #units = 0
  #closed = false

  /** UTF-16 units that wait. */
  get units(): number {
    return this.#units
  }

  /** Whether the end of the stream is in it, or was. */
  get closed(): boolean {
    return this.#closed
  }

  /** Adds a frame; after the end of the stream nothing is taken any more. */
  push(frame: string): void {
    if (this.#closed) return
    this.#frames.push(frame)
    this.#units += frame.length
    this.#closed = frame.startsWith(closing)
  }

  /** Adds the end of the stream, if it is not there. */
  close(): void {
    this.push(`${closing}/>`)
  }

  /** Takes what leaves next, if there is anything. With `lastOnly`, only if the stream ends with it. */
  take(lastOnly = false): Batch | undefined {
    const frames = this.#frames
    const [first] = frames
    if (first === undefined) return undefined
    if (first.startsWith(opening)) return lastOnly ? undefined : { header: this.#header(), payload: '', last: false }
    let count = 0
    let units = 0
    for (const frame of frames) {
      if (frame.startsWith(opening) || frame.startsWith(closing)) break
      if (count === batchFrames || (count > 0 && units + frame.length > batchUnits)) break
      count++
      units += frame.length
    }
    const last = frames[count]?.startsWith(closing) ?? false
    if (lastOnly && !last) return undefined
    const payload = this.#remove(count).join('')
    if (last) this.#remove(1)
    return { payload, last }
  }

  #header(): XmlElement {
    const [event] = new StreamParser({ framed: true }).write(this.#remove(1).join(''))
    if (event?.type !== 'element') throw new TypeError('not a stream header')
    return event.element
  }

  #remove(count: number): string[] {
    const removed = this.#frames.splice(0, count)
    for (const frame of removed) this.#units -= frame.length
    return removed
  }
}
