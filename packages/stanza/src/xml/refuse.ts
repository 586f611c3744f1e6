import { StreamError, type StreamErrorCondition } from '../stream-error.js'
import type { ParserLimits } from './limits.js'

/** Ends the stream with an error; the condition says it all, mostly. */
export function refuse(condition: StreamErrorCondition, text?: string): never {
  throw new StreamError({ condition, text })
}

/** What is no namespace-well-formed XML (RFC 6120 §4.9.3.13). */
export function malformed(): never {
  refuse('not-well-formed')
}

/** What RFC 6120 §11.1 forbids although XML has it: comments, processing instructions, document types, entities. */
export function restricted(): never {
  refuse('restricted-xml')
}

/** What is beyond a limit of the parser (RFC 6120 §4.9.3.14). */
export function exceeded(limit: keyof ParserLimits): never {
  refuse('policy-violation', `limit exceeded: ${limit}`)
}
