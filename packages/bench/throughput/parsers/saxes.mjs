import { StringDecoder } from 'node:string_decoder'
import { SaxesParser } from 'saxes'

/** saxes with namespaces and the smallest tree that is of any use: what one would write by hand. */
export function createParser(onStanza) {
  const decoder = new StringDecoder('utf8')
  const parser = new SaxesParser({ xmlns: true, position: false })
  const open = []
  parser.on('opentag', ({ uri, local, attributes }) => open.push({ uri, local, attributes, children: [] }))
  parser.on('text', (text) => {
    if (open.length > 1) open.at(-1).children.push(text)
  })
  parser.on('closetag', () => {
    const element = open.pop()
    if (open.length === 1) onStanza(element)
    else open.at(-1)?.children.push(element)
  })
  return { write: (chunk) => parser.write(decoder.write(chunk)) }
}
