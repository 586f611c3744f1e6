import { SaxesParser } from 'saxes'
import type { Tokenizer, TokenSink } from './tokenizer.js'

/** Where saxes keeps its handlers; private, so nothing but speed may depend on these names. */
interface HandlerSlots {
  openTagStartHandler: unknown
  attributeHandler: unknown
  openTagHandler: unknown
  closeTagHandler: unknown
  textHandler: unknown
  cdataHandler: unknown
  xmldeclHandler: unknown
  commentHandler: unknown
  doctypeHandler: unknown
  piHandler: unknown
  errorHandler: unknown
}

/**
 * `on` adds a property by a computed name, and with the seventh V8 takes the parser for a dictionary: every access to it
 * becomes a search, and parsing takes three times as long. Properties that are there already do no such harm.
 */
function reserveHandlers(slots: Partial<HandlerSlots>): void {
  slots.openTagStartHandler = undefined
  slots.attributeHandler = undefined
  slots.openTagHandler = undefined
  slots.closeTagHandler = undefined
  slots.textHandler = undefined
  slots.cdataHandler = undefined
  slots.xmldeclHandler = undefined
  slots.commentHandler = undefined
  slots.doctypeHandler = undefined
  slots.piHandler = undefined
  slots.errorHandler = undefined
}

/** The tokenizer we use: saxes checks everything that XML 1.0 and XML Namespaces ask of a non-validating reader. */
export function saxesTokenizer(sink: TokenSink): Tokenizer {
  const parser = new SaxesParser({ xmlns: true, position: false })
  reserveHandlers(parser as object)
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
