import { SaxesParser } from 'saxes'
import type { Tokenizer, TokenSink } from './tokenizer.js'

/** The tokenizer we use: saxes checks everything that XML 1.0 and XML Namespaces ask of a non-validating reader. */
export function saxesTokenizer(sink: TokenSink): Tokenizer {
  const parser = new SaxesParser({ xmlns: true, position: false })
  parser.on('opentagstart', (tag) => sink.tagName(tag.name))
  parser.on('attribute', (attribute) => sink.attribute(attribute))
  parser.on('opentag', (tag) => sink.open(tag.uri, tag.prefix, tag.local))
  parser.on('closetag', () => sink.close())
  parser.on('text', (text) => sink.text(text))
  parser.on('cdata', (text) => sink.cdata(text))
  parser.on('xmldecl', ({ version, encoding }) => sink.declaration(version, encoding))
  parser.on('comment', () => sink.restricted())
  parser.on('doctype', () => sink.restricted())
  parser.on('processinginstruction', () => sink.restricted())
  parser.on('error', (error) => sink.malformed(error.message))
  return parser
}
