import { NS_CLIENT } from './elements.js'
import { define, type ElementDef } from './schema/element-def.js'
import { type LangText, readLangText } from './schema/field.js'
import { ownText, pushTexts, Stanza, type StanzaInit, stanzaAttributes } from './stanza.js'
import { XmlElement, type XmlNode } from './xml/element.js'

/** RFC 6121 §5.2.2. */
export type MessageType = 'chat' | 'error' | 'groupchat' | 'headline' | 'normal'

const types: ReadonlySet<string> = new Set<MessageType>(['chat', 'error', 'groupchat', 'headline', 'normal'])

/** What a message is made of, apart from payloads. */
export interface MessageInit extends StanzaInit {
  /** Defaults to `normal`, which is not written (RFC 6121 §5.2.2). */
  readonly type?: MessageType | undefined
  /** The text, or one per language; the key `''` is the language of the stanza. */
  readonly body?: string | LangText | undefined
  /** The subject, likewise. */
  readonly subject?: string | LangText | undefined
  /** The thread id (RFC 6121 §5.2.5). */
  readonly thread?: string | undefined
}

/** A message: core properties here, everything else by `message.get(Definition)`. */
export class Message extends Stanza {
  /** @internal */
  constructor(element: XmlElement) {
    super(element)
  }

  /** The type; what RFC 6121 does not know counts as `normal` (§5.2.2). */
  get type(): MessageType {
    const type = this.element.attr('type') ?? 'normal'
    return types.has(type) ? (type as MessageType) : 'normal'
  }

  /** The text in the stanza's language, or else the first; `undefined` without a body. */
  get body(): string | undefined {
    return this.#text('body')
  }

  /** All bodies by language. */
  get bodies(): LangText {
    return readLangText(this.element, 'body')
  }

  /** The subject in the stanza's language, or else the first. */
  get subject(): string | undefined {
    return this.#text('subject')
  }

  /** The thread id. */
  get thread(): string | undefined {
    return this.element.child('thread')?.text
  }

  /** Most messages have one body: no map for that. */
  #text(name: string): string | undefined {
    let only: XmlElement | undefined
    for (const node of this.element.children) {
      if (typeof node === 'string' || node.name !== name || node.ns !== NS_CLIENT) continue
      if (only !== undefined) return ownText(this.element, readLangText(this.element, name))
      only = node
    }
    return only?.text
  }
}

/** Builds a message; payloads follow: `message({ to, type: 'chat', body: 'hi' }, ChatState('active'))`. */
export function message(init: MessageInit, ...payloads: readonly XmlElement[]): Message {
  const nodes: XmlNode[] = []
  pushTexts(nodes, 'subject', init.subject, init.lang)
  pushTexts(nodes, 'body', init.body, init.lang)
  pushTexts(nodes, 'thread', init.thread, init.lang)
  const type = init.type === 'normal' ? undefined : init.type
  return new Message(
    new XmlElement(NS_CLIENT, 'message', stanzaAttributes(init, type), [...nodes, ...payloads], init.lang),
  )
}

/** A whole message inside another element: forwarded, archived, carbon-copied. */
export const MessageElement: ElementDef<Message> = define(
  NS_CLIENT,
  ['message'],
  (value: Message) => value.element,
  (element) => new Message(element),
)
