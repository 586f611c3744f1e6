import { NS_CLIENT, NS_STANZA_ERRORS } from './elements.js'
import { type Retry, XmppError } from './error.js'
import { Jid } from './jid.js'
import { XmlElement, type XmlNode } from './xml/element.js'

/** What the sender should do (RFC 6120 §8.3.2). */
export type StanzaErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'

/** A condition of RFC 6120 §8.3.3. */
export type StanzaErrorCondition =
  | 'bad-request'
  | 'conflict'
  | 'feature-not-implemented'
  | 'forbidden'
  | 'gone'
  | 'internal-server-error'
  | 'item-not-found'
  | 'jid-malformed'
  | 'not-acceptable'
  | 'not-allowed'
  | 'not-authorized'
  | 'policy-violation'
  | 'recipient-unavailable'
  | 'redirect'
  | 'registration-required'
  | 'remote-server-not-found'
  | 'remote-server-timeout'
  | 'resource-constraint'
  | 'service-unavailable'
  | 'subscription-required'
  | 'undefined-condition'
  | 'unexpected-request'

/** Each with its usual type (RFC 6120 §8.3.3). */
const conditions: Readonly<Record<StanzaErrorCondition, StanzaErrorType>> = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
}

const types: ReadonlySet<string> = new Set<StanzaErrorType>(['auth', 'cancel', 'continue', 'modify', 'wait'])

/** What a stanza error is made of. */
export interface StanzaErrorInit {
  /** The condition. */
  readonly condition: StanzaErrorCondition
  /** What the sender should do; defaults to the condition's usual type. */
  readonly type?: StanzaErrorType | undefined
  /** A text for a developer. */
  readonly text?: string | undefined
  /** Who generated the error, if not the addressed entity. */
  readonly by?: Jid | undefined
  /** An application-specific condition. */
  readonly application?: XmlElement | undefined
  /** The `<error/>` as received. */
  readonly element?: XmlElement | undefined
}

/**
 * The peer said no. `session.request` rejects with it, `message.error` is one; a handler of inbound IQs throws one to
 * answer with it: `throw new StanzaError({ condition: 'forbidden' })`.
 */
export class StanzaError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'StanzaError'
  readonly code: StanzaErrorCondition
  readonly retry: Retry
  /** What the sender should do. */
  readonly type: StanzaErrorType
  /** Why (RFC 6120 §8.3.3). */
  readonly condition: StanzaErrorCondition
  /** The text that came with it. Not part of `message`, because a stranger may have written it. */
  readonly text: string | undefined
  /** Who generated the error, if stated. */
  readonly by: Jid | undefined
  /** The `<error/>` element; `element.get(...)` reads an application-specific condition. */
  readonly element: XmlElement

  constructor(init: StanzaErrorInit) {
    const type = init.type ?? conditions[init.condition]
    super(`${type}: ${init.condition}`)
    this.type = type
    this.condition = init.condition
    this.code = init.condition
    this.retry = type === 'wait' ? 'backoff' : type === 'auth' ? 'user' : 'no'
    this.text = init.text
    this.by = init.by
    this.element = init.element ?? buildError(type, init)
  }

  /** Reads the `<error/>` of a stanza; whatever it lacks, the result is an error. */
  static fromElement(element: XmlElement): StanzaError {
    let condition: StanzaErrorCondition = 'undefined-condition'
    for (const node of element.elements()) {
      if (node.ns !== NS_STANZA_ERRORS || node.name === 'text') continue
      if (Object.hasOwn(conditions, node.name)) condition = node.name as StanzaErrorCondition
      break
    }
    const type = element.attr('type') ?? ''
    return new StanzaError({
      condition,
      type: types.has(type) ? (type as StanzaErrorType) : undefined,
      text: element.child('text', NS_STANZA_ERRORS)?.text,
      by: Jid.tryParse(element.attr('by') ?? ''),
      element,
    })
  }

  /** The error of a stanza of type `error`; `undefined-condition` if the element is missing. */
  static ofStanza(stanza: XmlElement): StanzaError {
    const element = stanza.child('error', NS_CLIENT)
    return element ? StanzaError.fromElement(element) : new StanzaError({ condition: 'undefined-condition' })
  }
}

function buildError(type: StanzaErrorType, { condition, text, by, application }: StanzaErrorInit): XmlElement {
  const attributes = ['type', type]
  if (by !== undefined) attributes.push('by', by.toString())
  const children: XmlNode[] = [new XmlElement(NS_STANZA_ERRORS, condition, [], [], undefined)]
  if (text) children.push(new XmlElement(NS_STANZA_ERRORS, 'text', [], [text], undefined))
  if (application !== undefined) children.push(application)
  return new XmlElement(NS_CLIENT, 'error', attributes, children, undefined)
}
