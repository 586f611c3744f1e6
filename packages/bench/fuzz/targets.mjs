import assert from 'node:assert/strict'
import { chunks, mutate, toBytes } from './mutate.mjs'
import { omemoTarget } from './omemo-target.mjs'
import { jidSeeds, xmlSeeds } from './seeds.mjs'

const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
  "from='example.org' version='1.0' xml:lang='en'>"

/** Without a default namespace: what is read behind it has to declare its own. */
const bareHeader = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>"

/** Small, so that mutated stanzas meet them. */
const limits = { stanzaBytes: 20_000, depth: 40, attributes: 20, namespaces: 8, tokenLength: 1000, elements: 800 }

/** Events as text. The text of an error may depend on where the input was cut, its condition may not. */
const shown = (events) =>
  events.map((event) => {
    if (event.type === 'error') return `error ${event.error.condition}`
    return `${event.type} ${event.header ?? event.element ?? ''}`
  })

const ended = (events) => /^(end|error)$/.test(events.at(-1)?.type)

function read(stanza, pieces, options) {
  const parser = new stanza.StreamParser({ limits, ...options })
  const events = []
  for (const piece of pieces) events.push(...parser.write(piece))
  const last = events.findIndex(({ type }) => type === 'end' || type === 'error')
  assert(last < 0 || last === events.length - 1, 'something follows the end')
  assert.deepEqual(parser.write(''), [], 'something comes out of nothing')
  return events
}

/** Ends a tag or a reference that was cut, whether within a value or not. */
const endOfAnyToken = Buffer.from(`>'>">`)

/**
 * The events of the bytes as a whole and in pieces. What is wrong within a token may be noticed when it is cut or when it
 * is whole; but when one way has noticed it, the other one has to at the end of the token.
 */
function readBothWays(stanza, bytes, random) {
  const pieces = [...chunks(bytes, random)]
  const whole = read(stanza, [bytes])
  const cut = read(stanza, pieces)
  if (ended(whole) === ended(cut)) return [whole, cut]
  if (ended(whole)) return [whole, read(stanza, [...pieces, endOfAnyToken])]
  return [read(stanza, [bytes, endOfAnyToken]), cut]
}

function checkTree(stanza, element, framed) {
  const pieces = framed ? [element.toString()] : [bareHeader, element.toString()]
  const again = read(stanza, pieces, { framed, limits: {} })
  assert.equal(again.at(-1).type, 'element', 'a tree does not survive being written')
  assert(again.at(-1).element.equals(element), 'a tree comes back as another one')
}

/**
 * Whole and in pieces, a stream yields the same and ends the same. Which error is named may depend on the pieces where
 * there are two, and how much is read before bytes that are not UTF-8: what is decoded together is refused together.
 */
function checkSame(whole, cut) {
  const ends = [whole.at(-1) ?? '', cut.at(-1) ?? '']
  let common = whole.length
  if (ends.includes('error unsupported-encoding') && ends.every((end) => /^(error|end)/.test(end))) {
    common = Math.min(whole.length, cut.length) - 1
  } else {
    assert.equal(cut.length, whole.length, `ends with ${ends.join(' or ')}`)
    if (ends.every((end) => end.startsWith('error'))) common--
  }
  assert.deepEqual(cut.slice(0, common), whole.slice(0, common), 'depends on the chunks')
}

/** The stream parser: never throws, tells the same whatever the chunks, and what it accepts can be written and read. */
function streamParser({ stanza }) {
  const seeds = xmlSeeds()
  return (random) => {
    const stanzas = Array.from({ length: 1 + random.below(3) }, () => random.pick(seeds)).join('\n')
    const text =
      random.below(4) === 0 ? mutate(header + stanzas, random, seeds) : header + mutate(stanzas, random, seeds)
    const bytes = toBytes(text, random)
    const [whole, cut] = readBothWays(stanza, bytes, random)
    checkSame(shown(whole), shown(cut))
    for (const { element } of whole) if (element !== undefined) checkTree(stanza, element, false)
  }
}

/** The same for text in frames, where each write is one element. */
function frameParser({ stanza }) {
  const seeds = xmlSeeds()
  return (random) => {
    const frames = Array.from({ length: 1 + random.below(3) }, () => mutate(random.pick(seeds), random, seeds))
    const events = read(stanza, frames, { framed: true })
    for (const { element } of events) if (element !== undefined) checkTree(stanza, element, true)
  }
}

const separators = ['@', '/', '.', ':', '[', ']', 'xn--', '\u200d', '\u0130', '\uff20', '\u3002', ' ', '1.2.3.4', '%']

/** Addresses: parsed or refused, never anything else; what is parsed is in a form that parsing does not change. */
function jid({ stanza: { InvalidJidError, Jid } }) {
  const seeds = jidSeeds()
  return (random) => {
    let text = mutate(random.pick(seeds), random, seeds)
    for (let left = random.below(3); left > 0; left--) {
      const at = random.below(text.length + 1)
      text = text.slice(0, at) + random.pick(separators) + text.slice(at)
    }
    const parsed = Jid.tryParse(text)
    if (parsed === undefined) {
      assert.throws(() => Jid.parse(text), InvalidJidError)
      return
    }
    const enforced = parsed.toString()
    assert.equal(Jid.parse(enforced).toString(), enforced, 'the enforced form changes')
    assert(Jid.of(parsed).equals(parsed), 'the parts make another address')
    assert.equal(Jid.parse(parsed.bare.toString()).toString(), parsed.bare.toString())
    for (const part of [parsed.local, parsed.domain, parsed.resource]) assert(Buffer.byteLength(part ?? '') <= 1023)
  }
}

function collect(value, found = []) {
  if (typeof value?.parse === 'function' && typeof value.matches === 'function') found.push(value)
  else if (value?.request !== undefined) collect(value.request, found) && collect(value.response, found)
  return found
}

/** What fields look for: names and values that occur anywhere in the seeds. */
function vocabulary(elements) {
  const names = new Set()
  const values = new Set(['', '-1', '0', '1e9', 'true', '1', '2002-09-10T23:08:25Z', '=', 'AA==', 'a@b/c', '@', 'x'])
  for (const element of elements) {
    names.add(element.name)
    if (element.text.length < 100) values.add(element.text)
    for (const [key, value] of element.attributes()) names.add(key) && values.add(value)
  }
  return { names: [...names].filter((name) => /^(?!xmlns)[a-z][\w-]*$/i.test(name)), values: [...values] }
}

const descendants = (element) => [element, ...[...element.elements()].flatMap(descendants)]

/** A matching element with parts of a seed's element, parts of others, and parts that mean nothing. */
function variant({ xml }, random, def, kin, { names, values }) {
  const base = kin.length > 0 ? random.pick(kin) : undefined
  const attributes = {}
  for (const [key, value] of base?.attributes() ?? []) if (random.below(6) > 0) attributes[key] = value
  for (let left = random.below(4); left > 0; left--) attributes[random.pick(names)] = random.pick(values)
  const children = (base?.children ?? []).filter(() => random.below(6) > 0)
  for (let left = random.below(3); left > 0; left--) {
    const parts = random.below(2) === 0 && base ? base.children : [random.pick(values)]
    children.push(xml(random.below(4) === 0 ? 'urn:other' : def.ns, random.pick(names), {}, ...parts))
  }
  return xml(def.ns, random.pick(def.tags), attributes, ...children)
}

/** Definitions: reading never throws, and what was read can be written and reads as the same again. */
function definitions({ stanza, definitions: packages }) {
  const defs = Object.values(packages).flatMap((exported) => Object.values(exported).flatMap((value) => collect(value)))
  const trees = xmlSeeds().flatMap((seed) => read(stanza, [header, seed], { limits: {} }))
  const elements = trees.flatMap(({ element }) => (element === undefined ? [] : descendants(element)))
  const words = vocabulary(elements)
  const kinOf = new Map(defs.map((def) => [def, elements.filter((element) => def.matches(element))]))
  return (random) => {
    const def = random.pick(defs)
    const element = variant(stanza, random, def, kinOf.get(def), words)
    if (!def.matches(element)) return
    const value = def.parse(element)
    if (value instanceof stanza.Malformed) return
    const written = def.build(value)
    assert(def.matches(written), `<${written.name}/> does not match its own definition`)
    assert.deepEqual(def.parse(written), value, `<${written.name}/> reads as another value after it was written`)
  }
}

/** What can be fuzzed, by name: from the loaded sources to a function that runs one case. */
export const targets = {
  'stream-parser': streamParser,
  'frame-parser': frameParser,
  jid,
  definitions,
  omemo: omemoTarget,
}
