import { NS_STREAM, NS_STREAM_ERRORS } from './elements.js'
import { type Retry, XmppError } from './error.js'
import { XmlElement } from './xml/element.js'

/** The conditions of RFC 6120 §4.9.3; one that is not in the list is `undefined-condition`. */
export const streamErrorConditions = [
  'bad-format',
  'bad-namespace-prefix',
  'conflict',
  'connection-timeout',
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'invalid-from',
  'invalid-namespace',
  'invalid-xml',
  'not-authorized',
  'not-well-formed',
  'policy-violation',
  'remote-connection-failed',
  'reset',
  'resource-constraint',
  'restricted-xml',
  'see-other-host',
  'system-shutdown',
  'undefined-condition',
  'unsupported-encoding',
  'unsupported-feature',
  'unsupported-stanza-type',
  'unsupported-version',
] as const

/** A condition of RFC 6120 §4.9.3. */
export type StreamErrorCondition = (typeof streamErrorConditions)[number]

/** After these, the same connection attempt would end the same way. */
const final: ReadonlySet<string> = new Set([
  'conflict',
  'host-gone',
  'host-unknown',
  'not-authorized',
  'unsupported-feature',
  'unsupported-version',
])

/** What a stream error is made of. */
export interface StreamErrorInit {
  /** The condition; defaults to `undefined-condition`. */
  readonly condition?: StreamErrorCondition
  /** A text for a developer, as sent by the peer or to be sent to it. */
  readonly text?: string | undefined
  /** The element as received. */
  readonly element?: XmlElement | undefined
  /** An application-specific condition to be sent along (RFC 6120 §4.9.4). */
  readonly detail?: XmlElement | undefined
}

/**
 * The stream ended with an error: the server said so, or we ended it because of what the server sent. There is no way
 * back into a stream after this (RFC 6120 §4.9.1.1).
 */
export class StreamError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'StreamError'
  readonly code: StreamErrorCondition
  readonly retry: Retry
  /** Why, as a condition of RFC 6120 §4.9.3. */
  readonly condition: StreamErrorCondition
  /** The text that came with it. Not part of `message`, because a stranger may have written it. */
  readonly text: string | undefined
  /** The element as received, with any application-specific condition; `undefined` if we ended the stream. */
  readonly element: XmlElement | undefined
  readonly #detail: XmlElement | undefined

  constructor(init: StreamErrorInit = {}) {
    const condition = init.condition ?? 'undefined-condition'
    super(
      init.element === undefined && init.text
        ? `stream error: ${condition} (${init.text})`
        : `stream error: ${condition}`,
    )
    this.condition = condition
    this.code = condition
    this.retry = final.has(condition) ? 'no' : 'backoff'
    this.text = init.text
    this.element = init.element
    this.#detail = init.detail
  }

  /** Reads `<stream:error/>`; whatever it lacks, the result is a stream error. */
  static fromElement(element: XmlElement): StreamError {
    let condition: StreamErrorCondition = 'undefined-condition'
    for (const node of element.elements()) {
      if (node.ns !== NS_STREAM_ERRORS || node.name === 'text') continue
      condition = streamErrorConditions.find((known) => known === node.name) ?? condition
      break
    }
    return new StreamError({ condition, text: element.child('text', NS_STREAM_ERRORS)?.text, element })
  }

  /** `<stream:error/>` as we send it before closing. */
  toElement(): XmlElement {
    const children = [new XmlElement(NS_STREAM_ERRORS, this.condition, [], [], undefined)]
    if (this.text) children.push(new XmlElement(NS_STREAM_ERRORS, 'text', [], [this.text], undefined))
    if (this.#detail) children.push(this.#detail)
    return new XmlElement(NS_STREAM, 'error', [], children, undefined)
  }
}
