import { serialize, type XmlElement } from '@couplet/stanza'
import { StreamParser } from '@couplet/stanza/stream-parser'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tree } from './arbitrary.js'
import { everySplit, feed, header, pieces, show, toBytes } from './feed.js'

const stream = (nodes: readonly XmlElement[]) =>
  `${header}${nodes.map((node) => serialize(node, 'jabber:client')).join('\r\n ')}</stream:stream>`

const expected = (nodes: readonly XmlElement[]) => {
  const texts = nodes.map((node) => serialize(node, 'jabber:client'))
  return ['start', ...texts, 'end']
}

test('every way to cut a stream once, byte by byte, gives the same events', () => {
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 2 }), (nodes) => {
      const text = stream(nodes)
      for (const chunks of everySplit(text)) expect(feed(chunks)).toEqual(expected(nodes))
    }),
    { numRuns: 8 },
  )
})

test('any number of cuts gives the same events', () => {
  fc.assert(
    fc.property(
      fc.array(tree, { maxLength: 4 }),
      fc.array(fc.nat(40), { minLength: 1, maxLength: 20 }),
      (nodes, sizes) => {
        const bytes = toBytes(stream(nodes))
        const chunks: Uint8Array[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = (sizes[i % sizes.length] as number) + (i % sizes.length === 0 ? 1 : 0)
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(feed(chunks)).toEqual(expected(nodes))
      },
    ),
    { numRuns: 300 },
  )
})

test('framed and unframed agree', () => {
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 4 }), fc.boolean(), (nodes, binary) => {
      const framed = new StreamParser({ framed: true })
      const frames = nodes.map((node) => (binary ? toBytes(serialize(node)) : serialize(node)))
      const events = frames.flatMap((frame) => framed.write(frame).map(show))
      expect(['start', ...events, 'end']).toEqual(feed([stream(nodes)]))
    }),
    { numRuns: 300 },
  )
})

/** Mutations of well-formed streams: mostly broken, in ways nobody thought of. */
const mutated = fc
  .tuple(
    fc.array(tree, { minLength: 1, maxLength: 2 }),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom(...'<>&;\'"/:=]![-? x\0\ufeff\ud800é', '<!', '<?', '</', ']]>', '&#', 'xmlns'),
        fc.nat(3),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([nodes, edits]) => {
    let text = stream(nodes)
    for (const [position, inserted, removed] of edits) {
      const at = header.length + (position % (text.length - header.length))
      text = text.slice(0, at) + inserted + text.slice(at + removed)
    }
    return text
  })

test('broken streams never throw, end once, and deliver the same stanzas however they are cut', () => {
  const stanzas = (events: string[]) => events.filter((event) => !event.startsWith('error'))
  fc.assert(
    fc.property(mutated, (text) => {
      const whole = feed([text])
      for (const event of whole.slice(0, -1)) expect(event === 'end' || event.startsWith('error')).toBe(false)
      for (const chunks of [text.split(''), [text.slice(0, 200), text.slice(200)], [text, text]]) {
        expect(stanzas(feed(chunks)).slice(0, whole.length)).toEqual(stanzas(whole))
      }
      if (!/[\ud800-\udfff]/u.test(text)) {
        for (const size of [1, 7]) expect(stanzas(feed(pieces(toBytes(text), size)))).toEqual(stanzas(whole))
      }
    }),
    { numRuns: 1000 },
  )
})
