import { NS_CLIENT } from './elements.js'
import { define, type ElementDef } from './schema/element-def.js'
import { Malformed } from './schema/malformed.js'
import { Stanza, type StanzaInit, stanzaAttributes } from './stanza.js'
import type { StanzaError } from './stanza-error.js'
import { XmlElement } from './xml/element.js'

/** RFC 6120 §8.2.3. */
export type IqType = 'get' | 'set' | 'result' | 'error'

const types: readonly IqType[] = ['get', 'set', 'result', 'error']

/** What an IQ is made of, apart from its payload. */
export interface IqInit extends StanzaInit {
  /** The type. */
  readonly type: IqType
  /** The id; an IQ always has one. */
  readonly id: string
}

/** An IQ. Applications meet these only through `session.request` and `context.handle`. */
export class Iq extends Stanza {
  /** @internal */
  constructor(element: XmlElement) {
    super(element)
  }

  /** The type. */
  get type(): IqType {
    return this.element.attr('type') as IqType
  }

  /** The id. */
  override get id(): string {
    return this.element.attr('id') as string
  }

  /** The payload: the first child element that is not the error. */
  get payload(): XmlElement | undefined {
    for (const node of this.element.elements()) {
      if (!(node.name === 'error' && node.ns === NS_CLIENT)) return node
    }
    return undefined
  }
}

/** Builds an IQ. */
export function iq(init: IqInit, payload?: XmlElement | StanzaError): Iq {
  const child = payload !== undefined && 'element' in payload ? payload.element : payload
  const attributes = stanzaAttributes(init, init.type)
  return new Iq(new XmlElement(NS_CLIENT, 'iq', attributes, child ? [child] : [], init.lang))
}

/** A whole IQ, checked for what RFC 6120 §8.2.3 demands: an id, a known type, one payload in a request. */
export const IqElement: ElementDef<Iq> = define(
  NS_CLIENT,
  ['iq'],
  (value: Iq) => value.element,
  (element) => {
    const type = element.attr('type')
    if (!types.some((known) => known === type)) return new Malformed('@type', 'is not a type of IQ')
    if (!element.attr('id')) return new Malformed('@id', 'is missing')
    const count = [...element.elements()].length
    if ((type === 'get' || type === 'set') && count !== 1) return new Malformed('', 'a request has one payload')
    return new Iq(element)
  },
)
