import type { XmlElement } from '@couplet/stanza'
import { StreamLimits } from './elements.js'
import { required } from './server-offer.js'

/** What the server takes from us in this stream (XEP-0478). */
export interface Limits {
  /** Bytes of one stanza or other element of the stream. */
  readonly maxBytes?: number | undefined
  /** Seconds without anything from us after which the server may give us up. */
  readonly idleSeconds?: number | undefined
}

/** The limits in stream features; a 0 is no limit. @throws MalformedElementError */
export function readLimits(features: XmlElement): Limits | undefined {
  const limits = required(features.read(StreamLimits))
  const maxBytes = limits?.maxBytes || undefined
  const idleSeconds = limits?.idleSeconds || undefined
  return maxBytes === undefined && idleSeconds === undefined ? undefined : { maxBytes, idleSeconds }
}
