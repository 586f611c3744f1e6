import { StringDecoder } from 'node:string_decoder'
import Parser from '@xmpp/xml/lib/Parser.js'

/** The parser of @xmpp/client. */
export function createParser(onStanza) {
  const decoder = new StringDecoder('utf8')
  const parser = new Parser()
  parser.on('element', onStanza)
  parser.on('error', (error) => {
    throw error
  })
  return { write: (chunk) => parser.write(decoder.write(chunk)) }
}
