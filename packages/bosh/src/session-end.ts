import { ConnectionError } from '@couplet/client'
import { NS_STREAM, StreamError, serialize, streamErrorConditions } from '@couplet/stanza'
import type { ResponseBody } from './response-body.js'

/** What the end of a session says: a frame with a stream error, or an error of the connection, or neither. */
export interface SessionEnd {
  /** `<stream:error/>`. */
  readonly frame?: string
  /** What is wrong with the session. */
  readonly error?: ConnectionError
}

/** XEP-0124 §17.2: conditions that RFC 6120 does not have as stream errors. */
const ofTheSession: ReadonlySet<string> = new Set(['item-not-found', 'other-request', 'see-other-uri'])

/** Reads why the server ended the session (XEP-0124 §17.2); without a condition it is the ordinary end. */
export function readEnd({ condition, payloads }: ResponseBody): SessionEnd {
  if (condition === undefined || payloads.some(({ name, ns }) => name === 'error' && ns === NS_STREAM)) return {}
  if (ofTheSession.has(condition)) {
    return { error: new ConnectionError('stream', 'closed', `the server ended the session: ${condition}`) }
  }
  const wanted = condition === 'bad-request' ? 'bad-format' : condition
  const known = streamErrorConditions.find((name) => name === wanted) ?? 'undefined-condition'
  return { frame: serialize(new StreamError({ condition: known }).toElement()) }
}
