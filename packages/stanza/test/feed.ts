import { type StreamEvent, serialize, type XmlElement } from '@couplet/stanza'
import { StreamParser, type StreamParserOptions } from '@couplet/stanza/stream-parser'
import { expect } from 'vitest'

/** A client stream's header as a server writes it. */
export const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s' version='1.0'>"

const encoder = new TextEncoder()

/** An event as a word and its XML, so that lists of events compare well and read well. */
export function show(event: StreamEvent): string {
  if (event.type === 'start') return 'start'
  if (event.type === 'element') return serialize(event.element, 'jabber:client')
  return event.type === 'end' ? 'end' : `error ${event.error.condition}`
}

/** What a parser reports for the chunks, in order. */
export function feed(chunks: Iterable<string | Uint8Array>, options?: StreamParserOptions): string[] {
  const parser = new StreamParser(options)
  const shown: string[] = []
  for (const chunk of chunks) shown.push(...parser.write(chunk).map(show))
  return shown
}

/** The bytes, cut into pieces of one size. */
export function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

/** Bytes of text, or the same bytes. */
export const toBytes = (input: string | Uint8Array): Uint8Array =>
  typeof input === 'string' ? encoder.encode(input) : input

/** Every way to cut the input once, byte by byte, and, of text, every way to cut it as text. */
export function* everySplit(input: string | Uint8Array): Generator<readonly (string | Uint8Array)[]> {
  const bytes = toBytes(input)
  yield [bytes]
  yield [...pieces(bytes, 1)]
  for (let i = 1; i < bytes.length; i++) yield [bytes.subarray(0, i), bytes.subarray(i)]
  if (typeof input !== 'string') return
  yield [input]
  yield input.split('')
  for (let i = 1; i < input.length; i++) yield [input.slice(0, i), input.slice(i)]
}

/** The distinct outcomes over every split: one, if reading does not depend on how the network cuts. */
export function outcomes(input: string | Uint8Array, options?: StreamParserOptions): string[][] {
  const distinct = new Map<string, string[]>()
  for (const chunks of everySplit(input)) {
    const events = feed(chunks, options)
    distinct.set(JSON.stringify(events), events)
  }
  return [...distinct.values()]
}

/** The stanzas after a stream header. */
export function read(input: string): XmlElement[] {
  const parser = new StreamParser()
  return parser.write(header + input).flatMap((event) => (event.type === 'element' ? [event.element] : []))
}

/** The only stanza after a stream header. */
export const one = (input: string): XmlElement => {
  const [first, ...more] = read(input)
  expect(more).toEqual([])
  return first as XmlElement
}
