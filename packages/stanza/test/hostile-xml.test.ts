import { describe, expect, test } from 'vitest'
import { header, outcomes } from './feed.js'

/** Bytes of text in which each character is one byte. */
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))
const utf16 = (text: string, littleEndian: boolean): Uint8Array =>
  Uint8Array.from(text, (char) => char.charCodeAt(0)).reduce(
    (bytes, byte, i) => {
      bytes[2 * i + (littleEndian ? 0 : 1)] = byte
      return bytes
    },
    new Uint8Array(2 * text.length),
  )

/** Inputs after the stream header, and the one outcome that every split must have. */
const inStream: readonly (readonly [title: string, input: string, condition: string])[] = [
  ['S-069 a document type with entities in the stream', '<!DOCTYPE x [<!ENTITY a "aaaa">]>', 'restricted-xml'],
  ['S-069 an entity declaration alone', '<!ENTITY a "aaaa"><a/>', 'restricted-xml'],
  ['S-069 an element declaration', '<!ELEMENT a ANY><a/>', 'restricted-xml'],
  ['S-069 a document type in lower case', '<!doctype x><a/>', 'restricted-xml'],
  ['S-069 an entity that nobody declared', '<message><body>&lol9;</body></message>', 'restricted-xml'],
  ['S-069 the same in an attribute', '<message id="&lol9;"/>', 'restricted-xml'],
  ['S-069 an entity called __proto__', '<message>&__proto__;</message>', 'restricted-xml'],
  ['S-069 an entity called toString', '<message>&toString;</message>', 'restricted-xml'],
  ['S-070 an external subset', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><a/>', 'restricted-xml'],
  ['S-072 a processing instruction', '<?pi x?><a/>', 'restricted-xml'],
  ['S-072 one within a stanza', '<message><?pi x?></message>', 'restricted-xml'],
  ['S-072 one without content', '<?pi?><a/>', 'restricted-xml'],
  ['S-072 a late XML declaration', '<?xml version="1.0" encoding="UTF-16"?><a/>', 'restricted-xml'],
  ['S-072 a late XML declaration within a stanza', '<a><?xml version="1.0"?></a>', 'restricted-xml'],
  ['S-072 a style sheet', '<?xml-stylesheet href="x"?><a/>', 'restricted-xml'],
  ['S-072 a comment', '<!-- x --><a/>', 'restricted-xml'],
  ['S-072 a comment within a stanza', '<message><body>a<!-- x -->b</body></message>', 'restricted-xml'],
  ['S-072 an empty comment', '<!----><a/>', 'restricted-xml'],
  ['S-073 a byte order mark between stanzas', '\ufeff<a/>', 'bad-format'],
  ['S-076 U+0000', '<a>\0</a>', 'not-well-formed'],
  ['S-076 U+0001', '<a>\x01</a>', 'not-well-formed'],
  ['S-076 U+000B', '<a>\x0b</a>', 'not-well-formed'],
  ['S-076 U+001F in an attribute', '<a b="\x1f"/>', 'not-well-formed'],
  ['S-076 a control character in a name', '<a\x08/>', 'not-well-formed'],
  ['S-076 a control character in an end tag', '<a></a\x08>', 'not-well-formed'],
  ['S-076 a control character in CDATA', '<a><![CDATA[\x01]]></a>', 'not-well-formed'],
  ['S-076 a control character between stanzas', '\x01<a/>', 'not-well-formed'],
  ['S-076 U+FFFE', '<a>\ufffe</a>', 'not-well-formed'],
  ['S-076 U+FFFF', '<a>\uffff</a>', 'not-well-formed'],
  ...[
    '&#0;',
    '&#1;',
    '&#xB;',
    '&#x1F;',
    '&#xD800;',
    '&#xDFFF;',
    '&#xFFFE;',
    '&#xFFFF;',
    '&#x110000;',
    '&#99999999999;',
    '&#-1;',
    '&#x;',
    '&#;',
    '&;',
    '&#X41;',
    '&#4a;',
    '&#x 41;',
    '& ;',
    '&amp ;',
    '&1;',
    '&lt<',
    '&#xD83D;&#xDE00;',
  ].flatMap((reference) => [
    [`S-076 ${reference} in text`, `<a>${reference}</a>`, 'not-well-formed'] as const,
    [`S-076 ${reference} in an attribute`, `<a b="${reference}"/>`, 'not-well-formed'] as const,
  ]),
  ['S-076 ]]> in text', '<a>]]></a>', 'not-well-formed'],
  ['S-076 ]]]> in text', '<a>]]]></a>', 'not-well-formed'],
  ['S-078 an attribute twice', "<message from='stranger@b' from='admin@example.org'/>", 'not-well-formed'],
  ['S-078 twice with the same value', "<message from='a' to='b' from='a'/>", 'not-well-formed'],
  ['S-078 twice by expanded name', "<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>", 'not-well-formed'],
  ['S-078 a namespace declared twice', "<a xmlns='u' xmlns='v'/>", 'not-well-formed'],
  ['S-078 a prefix declared twice', "<a xmlns:p='u' xmlns:p='v'/>", 'not-well-formed'],
  ['S-078 xml:lang twice', "<a xml:lang='de' xml:lang='en'/>", 'not-well-formed'],
  ['S-079 < in an attribute', '<message to="<iq/>"/>', 'not-well-formed'],
  ['S-081 an unbound prefix', '<p:a/>', 'bad-namespace-prefix'],
  ['S-081 an unbound prefix of an attribute', '<a p:b="1"/>', 'bad-namespace-prefix'],
  ['S-081 a prefix that is bound in a sibling only', '<a><b xmlns:p="u"/><p:c/></a>', 'bad-namespace-prefix'],
  ['S-081 a prefix like a property of objects', '<toString:a/>', 'bad-namespace-prefix'],
  ['S-081 the prefix __proto__', '<__proto__:a/>', 'bad-namespace-prefix'],
  ['S-081 xml bound to something else', '<a xmlns:xml="evil"/>', 'not-well-formed'],
  ['S-081 another prefix for xml', '<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>', 'not-well-formed'],
  ['S-081 xml as the default', '<a xmlns="http://www.w3.org/XML/1998/namespace"/>', 'not-well-formed'],
  ['S-081 xmlns bound', '<a xmlns:xmlns="u"/>', 'not-well-formed'],
  ['S-081 xmlns bound to its own', '<a xmlns:xmlns="http://www.w3.org/2000/xmlns/"/>', 'not-well-formed'],
  ['S-081 another prefix for xmlns', '<a xmlns:p="http://www.w3.org/2000/xmlns/"/>', 'not-well-formed'],
  ['S-081 xmlns as the default', '<a xmlns="http://www.w3.org/2000/xmlns/"/>', 'not-well-formed'],
  ['S-081 an element with the prefix xmlns', '<xmlns:a/>', 'not-well-formed'],
  ['S-081 a prefix undeclared', '<a xmlns:p=""/>', 'not-well-formed'],
  ['S-081 white space around a namespace name', '<a xmlns=" urn:x"/>', 'invalid-namespace'],
  ['S-081 the same of a prefix', '<a xmlns:p="urn:x&#x9;"/>', 'invalid-namespace'],
  ['S-081 white space as a namespace name', '<a xmlns=" "/>', 'invalid-namespace'],
  ['S-081 :a', '<:a/>', 'not-well-formed'],
  ['S-081 a:', '<a:/>', 'not-well-formed'],
  ['S-081 a:b:c', '<a:b:c xmlns:a="u"/>', 'not-well-formed'],
  ['S-081 an attribute :a', '<a :b="1"/>', 'not-well-formed'],
  ['S-081 an attribute a:', '<a stream:="1"/>', 'not-well-formed'],
  ['S-081 an attribute a:b:c', '<a stream:b:c="1"/>', 'not-well-formed'],
  ['S-081 a local name that is no name', '<stream:1a/>', 'not-well-formed'],
  ['S-081 the same of an attribute', '<a stream:-b="1"/>', 'not-well-formed'],
  ['S-081 a declared prefix that is no name', '<a xmlns:1p="u"/>', 'not-well-formed'],
  ['S-081 xmlns: alone', '<a xmlns:="u"/>', 'not-well-formed'],
  ['S-087 crossed end tags', '<a><b></a></b>', 'not-well-formed'],
  ['S-087 the end of another stanza', "<message from='boss'><body>hi</body></iq>", 'not-well-formed'],
  ['S-087 a stanza ended by the end of the stream', '<message></stream:stream>', 'not-well-formed'],
  ['S-087 the end of the stream by another name', '</stream:features>', 'not-well-formed'],
  ['S-087 by another prefix', '</s:stream>', 'not-well-formed'],
  ['S-087 in another case', '<a></A>', 'not-well-formed'],
  ['S-087 the same element by another prefix', "<p:a xmlns:p='u' xmlns:q='u'></q:a>", 'not-well-formed'],
  ['S-087 an end tag with an attribute', '<a></a x="1">', 'not-well-formed'],
  ['S-087 white space before the name', '<a></ a>', 'not-well-formed'],
  ['S-087 an end tag without a name', '<a></>', 'not-well-formed'],
  ['S-087 an end tag with a slash', '<a></a/>', 'not-well-formed'],
  ['S-088 a digit first', '<1a/>', 'not-well-formed'],
  ['S-088 a hyphen first', '<-a/>', 'not-well-formed'],
  ['S-088 U+00A0 in a name', '<a\u00a0b/>', 'not-well-formed'],
  ['S-088 U+00D7 in a name', '<a\u00d7/>', 'not-well-formed'],
  ['S-088 white space before the name', '< a/>', 'not-well-formed'],
  ['S-088 white space after the slash', '<a / >', 'not-well-formed'],
  ['S-088 an attribute after the slash', '<a / b="1"/>', 'not-well-formed'],
  ['S-088 nothing', '<>', 'not-well-formed'],
  ['S-088 an attribute without a value', '<a b/>', 'not-well-formed'],
  ['S-088 an attribute without an equals sign', '<a b "1"/>', 'not-well-formed'],
  ['S-088 an attribute without quotes', '<a b=1/>', 'not-well-formed'],
  ['S-088 an attribute without a name', '<a ="1"/>', 'not-well-formed'],
  ['S-088 attributes without space between', `<a b="1"c='2'/>`, 'not-well-formed'],
  ['S-088 an attribute name with a digit first', '<a 1b="1"/>', 'not-well-formed'],
  ['S-088 a tag in a tag', '<a <b/>>', 'not-well-formed'],
  ['S-102 text between stanzas', 'x<a/>', 'bad-format'],
  ['S-102 a reference between stanzas', '&amp;<a/>', 'bad-format'],
  ['S-102 CDATA between stanzas', '<![CDATA[x]]><a/>', 'bad-format'],
  ['S-102 U+00A0 between stanzas', '\u00a0<a/>', 'bad-format'],
]

describe('after the stream header, whatever the split', () => {
  test.each(inStream)('%s', (_title, input, condition) => {
    expect(outcomes(`${header}${input}`)).toEqual([['start', `error ${condition}`]])
  })
})

/** Whole inputs that end in an error before any stream has begun. */
const fromStart: readonly (readonly [title: string, input: string | Uint8Array, condition: string])[] = [
  ['S-069 billion laughs', `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${header}`, 'restricted-xml'],
  ['S-069 a document type without end', '<!D', 'restricted-xml'],
  ['S-069 after an XML declaration', `<?xml version="1.0"?><!DOCTYPE x>${header}`, 'restricted-xml'],
  ['S-070 an external entity', `<!DOCTYPE x SYSTEM "file:///etc/passwd">${header}`, 'restricted-xml'],
  ['S-070 a public one', `<!DOCTYPE x PUBLIC "-//X" "http://127.0.0.1/x">${header}`, 'restricted-xml'],
  ['S-072 a processing instruction first', `<?pi x?>${header}`, 'restricted-xml'],
  ['S-072 an XML declaration after white space', ` <?xml version="1.0"?>${header}`, 'restricted-xml'],
  ['S-072 an XML declaration twice', `<?xml version="1.0"?><?xml version="1.0"?>${header}`, 'restricted-xml'],
  ['S-072 <?XML', `<?XML version="1.0"?>${header}`, 'restricted-xml'],
  ['S-072 a comment first', `<!-- x -->${header}`, 'restricted-xml'],
  ['S-073 ISO-8859-1', `<?xml version="1.0" encoding="ISO-8859-1"?>${header}`, 'unsupported-encoding'],
  ['S-073 UTF-16 by name', `<?xml version="1.0" encoding="UTF-16"?>${header}`, 'unsupported-encoding'],
  ['S-073 UTF8 without its hyphen', `<?xml version="1.0" encoding="utf8"?>${header}`, 'unsupported-encoding'],
  ['S-073 XML 1.1', `<?xml version="1.1"?>${header}`, 'unsupported-version'],
  ['S-073 no version', `<?xml encoding="UTF-8"?>${header}`, 'not-well-formed'],
  ['S-073 an attribute nobody knows', `<?xml version="1.0" x="y"?>${header}`, 'not-well-formed'],
  [
    'S-073 attributes in another order',
    `<?xml version="1.0" standalone="no" encoding="UTF-8"?>${header}`,
    'not-well-formed',
  ],
  ['S-073 standalone maybe', `<?xml version="1.0" standalone="maybe"?>${header}`, 'not-well-formed'],
  ['S-073 UTF-16, little endian, with a mark', latin1('\xff\xfe<\0s\0'), 'unsupported-encoding'],
  ['S-073 UTF-16, big endian, with a mark', latin1('\xfe\xff\0<\0s'), 'unsupported-encoding'],
  ['S-073 UTF-16, little endian', utf16(header, true), 'not-well-formed'],
  ['S-073 UTF-16, big endian', utf16(header, false), 'not-well-formed'],
  ['S-073 two byte order marks', `\ufeff\ufeff${header}`, 'not-well-formed'],
  ['S-102 text first', `x${header}`, 'not-well-formed'],
  ['S-102 a reference first', `&amp;${header}`, 'not-well-formed'],
  ['S-102 CDATA first', `<![CDATA[x]]>${header}`, 'not-well-formed'],
  ['S-102 an end tag first', '</stream:stream>', 'not-well-formed'],
]

describe('from the first byte, whatever the split', () => {
  test.each(fromStart)('%s', (_title, input, condition) => {
    expect(outcomes(input)).toEqual([[`error ${condition}`]])
  })

  test.each([
    ['S-073 a byte order mark', `\ufeff${header}`],
    ['S-073 a byte order mark before the declaration', `\ufeff<?xml version='1.0'?>${header}`],
    ['S-073 UTF-8', `<?xml version="1.0" encoding="UTF-8"?>${header}`],
    ['S-073 utf-8', `<?xml version='1.0' encoding='utf-8' ?>${header}`],
    ['S-073 Utf-8 on lines of its own', `<?xml\r\nversion = '1.0'\tencoding = 'Utf-8'?>\r\n${header}`],
    ['S-073 standalone', `<?xml version='1.0' standalone='yes'?>${header}`],
    ['S-073 white space first', `\r\n ${header}`],
  ])('%s is accepted', (_title, input) => {
    expect(outcomes(input)).toEqual([['start']])
  })
})
