import { NS_CLIENT } from './elements.js'
import { define, type ElementDef } from './schema/element-def.js'
import { type LangText, readLangText } from './schema/field.js'
import { Malformed } from './schema/malformed.js'
import { ownText, pushTexts, Stanza, type StanzaInit, stanzaAttributes } from './stanza.js'
import { XmlElement, type XmlNode } from './xml/element.js'

/** RFC 6121 §4.7.1; being available is having no type. */
export type PresenceType =
  | 'error'
  | 'probe'
  | 'subscribe'
  | 'subscribed'
  | 'unavailable'
  | 'unsubscribe'
  | 'unsubscribed'
/** RFC 6121 §4.7.2.1. */
export type PresenceShow = 'away' | 'chat' | 'dnd' | 'xa'

const types: readonly PresenceType[] = [
  'error',
  'probe',
  'subscribe',
  'subscribed',
  'unavailable',
  'unsubscribe',
  'unsubscribed',
]
const shows: readonly PresenceShow[] = ['away', 'chat', 'dnd', 'xa']

/** What a presence is made of, apart from payloads. */
export interface PresenceInit extends StanzaInit {
  /** Absent: available. */
  readonly type?: PresenceType | undefined
  /** Availability in a word. */
  readonly show?: PresenceShow | undefined
  /** A text for people, or one per language. */
  readonly status?: string | LangText | undefined
  /** −128 to 127; messages to the bare JID go to non-negative priorities only (RFC 6121 §4.7.2.3). */
  readonly priority?: number | undefined
}

/** A presence: core properties here, everything else by `presence.get(Definition)`. */
export class Presence extends Stanza {
  /** @internal */
  constructor(element: XmlElement) {
    super(element)
  }

  /** `undefined` for available. A client never delivers a type that RFC 6121 does not know. */
  get type(): PresenceType | undefined {
    const type = this.element.attr('type')
    return types.find((known) => known === type)
  }

  /** Availability in a word; an unknown word is `undefined`. */
  get show(): PresenceShow | undefined {
    const show = this.element.child('show')?.text
    return shows.find((known) => known === show)
  }

  /** The status text in the stanza's language, or else the first. */
  get status(): string | undefined {
    return ownText(this.element, this.statuses)
  }

  /** All status texts by language. */
  get statuses(): LangText {
    return readLangText(this.element, 'status')
  }

  /** −128 to 127; 0 if absent or malformed. */
  get priority(): number {
    const text = this.element.child('priority')?.text ?? ''
    const value = /^[+-]?\d{1,3}$/.test(text) ? Number(text) : 0
    return value >= -128 && value <= 127 ? value : 0
  }
}

/**
 * Builds a presence; payloads follow: `presence({ to: room }, MucJoin())`.
 *
 * @throws RangeError for a priority that is not an integer from −128 to 127.
 */
export function presence(init: PresenceInit = {}, ...payloads: readonly XmlElement[]): Presence {
  const nodes: XmlNode[] = []
  pushTexts(nodes, 'show', init.show, init.lang)
  pushTexts(nodes, 'status', init.status, init.lang)
  if (init.priority !== undefined) {
    const { priority } = init
    if (!Number.isInteger(priority) || priority < -128 || priority > 127) {
      throw new RangeError(`priority is not an integer from -128 to 127: ${priority}`)
    }
    pushTexts(nodes, 'priority', String(priority), init.lang)
  }
  const attributes = stanzaAttributes(init, init.type)
  return new Presence(new XmlElement(NS_CLIENT, 'presence', attributes, [...nodes, ...payloads], init.lang))
}

/** A whole presence inside another element. */
export const PresenceElement: ElementDef<Presence> = define(
  NS_CLIENT,
  ['presence'],
  (value: Presence) => value.element,
  (element) => {
    const type = element.attr('type')
    return type === undefined || types.some((known) => known === type)
      ? new Presence(element)
      : new Malformed('@type', 'is not a type of presence')
  },
)
