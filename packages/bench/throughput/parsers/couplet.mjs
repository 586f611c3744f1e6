import { StreamParser } from '@couplet/stanza/stream-parser'

/** The tree as Couplet builds it, with all checks of RFC 6120 §11 and its limits. */
export function createParser(onStanza) {
  const parser = new StreamParser()
  return {
    write(chunk) {
      for (const event of parser.write(chunk)) {
        if (event.type === 'element') onStanza(event.element)
        else if (event.type === 'error') throw event.error
      }
    },
  }
}
