const tokens = [
  ...[
    '<',
    '>',
    '/>',
    '</',
    '="',
    "='",
    '&',
    '&amp;',
    '&lt',
    '&#x0;',
    '&#xD800;',
    '&#65;',
    '&bogus;',
    ']]>',
    '<![CDATA[',
  ],
  ...['<!--', '-->', '<!DOCTYPE a [', '<!ENTITY a "b">', '<?xml version="1.0"?>', '<?pi ?>', '<a>', '</a>', '<a/>'],
  ...[" xmlns=''", " xmlns='jabber:client'", " xmlns:p='urn:p'", ' p:a="1"', " xml:lang='en'", " xmlns:xml='urn:x'"],
  ...['</stream:stream>', '<stream:stream>', ':', '\0', '\t', '\r\n', '\u0085', '\u2028', '\ufeff', '\ufffe', '\ufffd'],
  ...['\ud83d\ude00', '\u0301', 'é', '日本', 'a'.repeat(1200), ' '.repeat(600), '<x>'.repeat(70), '<y/>'.repeat(300)],
]

/** Bytes that are not UTF-8: bare continuation, overlong, surrogate, too large, cut off. */
const badBytes = ['80', 'c0af', 'eda080', 'f4908080', 'e282', 'f09f98', 'ff'].map((hex) => Buffer.from(hex, 'hex'))

const range = (random, length) => {
  const from = random.below(length + 1)
  return [from, Math.min(length, from + 1 + random.below(random.pick([2, 8, 40, 200])))]
}

const edits = [
  (text, random) => {
    const at = random.below(text.length + 1)
    return text.slice(0, at) + random.pick(tokens) + text.slice(at)
  },
  (text, random) => {
    const [from, to] = range(random, text.length)
    return text.slice(0, from) + text.slice(to)
  },
  (text, random) => {
    const [from, to] = range(random, text.length)
    return text.slice(0, to) + text.slice(from, to).repeat(1 + random.below(4)) + text.slice(to)
  },
  (text, random) => {
    const at = random.below(text.length + 1)
    return text.slice(0, at) + String.fromCharCode(random.below(random.pick([128, 0x10000]))) + text.slice(at + 1)
  },
  (text, random, seeds) => {
    const [from, to] = range(random, text.length)
    const other = random.pick(seeds)
    const [otherFrom, otherTo] = range(random, other.length)
    return text.slice(0, from) + other.slice(otherFrom, otherTo) + text.slice(to)
  },
  (text, random) => text.slice(0, random.below(text.length + 1)),
]

/** One to five edits of a text; one case in eight stays as it is. */
export function mutate(text, random, seeds) {
  let out = text
  if (random.below(8) === 0) return out
  for (let left = 1 + random.below(5); left > 0; left--) out = random.pick(edits)(out, random, seeds)
  return out
}

/** The text as bytes, one time in eight with something in it that is not UTF-8. */
export function toBytes(text, random) {
  const bytes = Buffer.from(text)
  if (random.below(8) > 0) return bytes
  const at = random.below(bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, at), random.pick(badBytes), bytes.subarray(at)])
}

/** The same bytes or text in pieces: whole, one by one, or at random. */
export function* chunks(data, random) {
  const longest = random.pick([1, 3, 17, 300, data.length + 1])
  for (let from = 0; from < data.length; ) {
    const to = Math.min(data.length, from + 1 + random.below(longest))
    yield data.slice(from, to)
    from = to
  }
}
