import { describe, expect, test } from 'vitest'
import { feed, header, one, outcomes } from '../../test/feed.js'

describe('fails as soon as nothing else can come', () => {
  test.each(['<!D', '<!-', '<![x', '<![CDATA<', '<?', '<a><!-', '<a><?'])('%s', (start) => {
    expect(feed([header, start])).toEqual(['start', 'error restricted-xml'])
    expect(feed([header, ...start])).toEqual(['start', 'error restricted-xml'])
  })

  test.each(['<a b', '<a b=', "<a b='1'", '</stream:stream', '<a '])('within a tag: %s and then <', (start) => {
    expect(feed([header, start, '<'])).toEqual(['start', 'error not-well-formed'])
  })

  test.each(['<a b"', "<a b'", `<a b="1"'`])('a quote that opens no value: %s', (start) => {
    expect(feed([header, ...start])).toEqual(['start', 'error not-well-formed'])
  })
})

test.each(['<![CDATA[]]>', '<![CDATA[ ]]>', '&#32;', ' &#x20;'])('before the root %s is not well-formed', (start) => {
  expect(feed([start, header])).toEqual(['error not-well-formed'])
  expect(feed([...start, header])).toEqual(['error not-well-formed'])
})

test('an XML declaration knows no references (XML 1.0 §2.8)', () => {
  for (const start of ["<?xml version='&#49;.0'?>", "<?xml version='1.0' encoding='utf&#45;8'?>"]) {
    expect(outcomes(start + header)).toEqual([['error not-well-formed']])
  }
})

describe('limits hold while a token grows', () => {
  const x = 'x'.repeat(210)
  test.each([
    ['a value', "<a b='"],
    ['an attribute name', '<a '],
    ['an element name', '<'],
    ['the name of an end tag', '<a></'],
    ['a reference', '<a>&'],
    ['a reference in a value', "<a b='&"],
  ])('%s', (_title, start) => {
    const limits = { tokenLength: 100 }
    expect(feed([header, start, x], { limits })).toEqual(['start', 'error policy-violation'])
    expect(feed([header, ...start, ...x], { limits })).toEqual(['start', 'error policy-violation'])
  })
})

describe('whatever the split', () => {
  const cases: readonly (readonly [title: string, input: string, output: string])[] = [
    ['> and the other quote in a value', `<a b='>">' c=">'/>"/>`, `<a b='&gt;&quot;&gt;' c='&gt;&apos;/&gt;'/>`],
    ['white space in tags', "<a\r\n\tb =\n'1'\r\n></a\t>", "<a b='1'/>"],
    ['line ends (XML 1.0 §2.11)', "<a b='\r\n\r\t'>\r\n\r\r\n&#13;\n</a>", "<a b='   '>\n\n\n&#xD;\n</a>"],
    ['CDATA and brackets', '<a>]<![CDATA[]]]]>]<![CDATA[]]]>]]&gt;] ]></a>', '<a>]]]]]]]&gt;] ]&gt;</a>'],
    ['references', "<a b='&#9;&#x0041;&amp;lt;'>&#38;#60;&#x1F600;</a>", "<a b='&#x9;A&amp;lt;'>&amp;#60;😀</a>"],
    ['an element closed by an empty tag at once', '<a/><b/>', '<a/>,<b/>'],
  ]
  test.each(cases)('%s', (_title, input, output) => {
    expect(outcomes(header + input).map((events) => events.join())).toEqual([`start,${output}`])
  })

  test.each(['<a>]]></a>', '<a>x]]]></a>', '<a>]]&#65;]]></a>'])('%s is refused', (input) => {
    expect(outcomes(header + input)).toEqual([['start', 'error not-well-formed']])
  })
})

describe('names and namespaces', () => {
  test('more names than are remembered, and long ones', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `${i % 100 === 0 ? 'long'.repeat(30) : ''}n${i}`)
    const read = one(`<a>${names.map((name) => `<${name} p${name}='1'/>`).join('')}</a>`)
    expect([...read.elements()].map(({ name }) => name)).toEqual(names)
  })

  test.each([2, 9, 30])('the first of %i attributes again', (count) => {
    const list = Array.from({ length: count }, (_, i) => ` a${i}='${i}'`).join('')
    expect(feed([header, `<a${list}/>`])).toHaveLength(2)
    expect(feed([header, `<a${list} a0='x'/>`])).toEqual(['start', 'error not-well-formed'])
    const prefixed = `<a xmlns:p='u' xmlns:q='u' p:a0='x'${list} q:a0='y'/>`
    expect(feed([header, prefixed])).toEqual(['start', 'error not-well-formed'])
  })

  test('what a declaration replaced comes back', () => {
    const read = one("<a xmlns:p='u'><b xmlns='v' xmlns:p='w'><c xmlns=''><p:d/></c><e/></b><p:f/><g/></a>")
    const seen = (element = read): string[] => [
      `${element.ns} ${element.name}`,
      ...[...element.elements()].flatMap((child) => seen(child)),
    ]
    expect(seen()).toEqual(['jabber:client a', 'v b', ' c', 'w d', 'v e', 'u f', 'jabber:client g'])
    expect(feed([header, "<a><b xmlns:p='u'/></a><p:c/>"]).at(-1)).toBe('error bad-namespace-prefix')
  })
})
