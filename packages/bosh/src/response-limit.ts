import { ConnectionError } from '@couplet/client'

/** Bytes of one response: several stanzas, each of which the parser of the stream measures again. */
export const responseLimit = 4_194_304

/** What a longer response ends with. */
export const tooLarge = (): ConnectionError =>
  new ConnectionError('stream', 'unexpected-element', `a response has more than ${responseLimit} bytes`)
