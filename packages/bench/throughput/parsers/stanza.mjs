import { StringDecoder } from 'node:string_decoder'
import { JXT } from 'stanza'
import protocol from 'stanza/protocol/index.js'

/** The parser of stanza, which also turns every stanza into a JavaScript object: that is the form its clients work on. */
export function createParser(onStanza) {
  const registry = new JXT.Registry()
  registry.define(protocol.default ?? protocol)
  const decoder = new StringDecoder('utf8')
  const parser = new JXT.StreamParser({
    registry,
    wrappedStream: true,
    rootKey: 'stream',
    allowComments: false,
    lang: 'en',
  })
  parser.on('data', (event) => {
    if (event.event === undefined) onStanza(event.xml)
  })
  parser.on('error', (error) => {
    throw error
  })
  return {
    write: (chunk) => parser.write(decoder.write(chunk)),
    end: () => new Promise((resolve) => setImmediate(resolve)),
  }
}
