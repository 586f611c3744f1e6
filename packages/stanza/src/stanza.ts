import { NS_CLIENT } from './elements.js'
import { Jid } from './jid.js'
import type { ElementDef, ReadResult } from './schema/element-def.js'
import type { LangText } from './schema/field.js'
import { StanzaError } from './stanza-error.js'
import { XmlElement, type XmlNode } from './xml/element.js'

/** What every stanza can be addressed with. A string is parsed as a JID and throws `InvalidJidError` if it is none. */
export interface StanzaInit {
  /** The stanza id; `send` assigns one where there is none. */
  readonly id?: string | undefined
  /** Who gets it; without it, the own account. */
  readonly to?: Jid | string | undefined
  /** Who sends it; a client leaves this to its server. */
  readonly from?: Jid | string | undefined
  /** The language of its texts (RFC 5646). */
  readonly lang?: string | undefined
}

/** What message, presence and IQ have in common: a view on an element of the namespace `jabber:client`. */
export abstract class Stanza {
  /** The stanza as it is on the wire, complete with what no definition knows. */
  readonly element: XmlElement
  #from: Jid | undefined
  #to: Jid | undefined

  /** @internal */
  protected constructor(element: XmlElement) {
    this.element = element
  }

  /** The `id` attribute. */
  get id(): string | undefined {
    return this.element.attr('id')
  }

  /** The sender; `undefined` if absent (the own account) or no JID. A client never delivers one that is no JID. */
  get from(): Jid | undefined {
    this.#from ??= Jid.tryParse(this.element.attr('from') ?? '')
    return this.#from
  }

  /** The addressee; `undefined` if absent or no JID. */
  get to(): Jid | undefined {
    this.#to ??= Jid.tryParse(this.element.attr('to') ?? '')
    return this.#to
  }

  /** The language of the texts, also if inherited from the stream. */
  get lang(): string | undefined {
    return this.element.lang
  }

  /** The error of a stanza of type `error`. */
  get error(): StanzaError | undefined {
    return this.element.attr('type') === 'error' ? StanzaError.ofStanza(this.element) : undefined
  }

  /** The typed value of the first child of this definition; `undefined` if absent or malformed. */
  get<T>(def: ElementDef<T>): T | undefined {
    return this.element.get(def)
  }

  /** The same with absent, malformed and well-formed kept apart. */
  read<T>(def: ElementDef<T>): ReadResult<T> | undefined {
    return this.element.read(def)
  }

  /** The values of all children of this definition. */
  all<T>(def: ElementDef<T>): T[] {
    return this.element.all(def)
  }

  /** The stanza as XML. */
  toString(): string {
    return this.element.toString()
  }

  /** What `console.log` shows in Node: kind and addresses, never the content. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { name } = this.element
    const shown = ['type', 'id', 'from', 'to'].flatMap((key) => {
      const value = this.element.attr(key)
      return value === undefined ? [] : [`${key}=${JSON.stringify(value)}`]
    })
    return `<${[name, ...shown].join(' ')}>`
  }
}

/** @internal The attributes of a stanza in a fixed order; JIDs given as text are checked. */
export function stanzaAttributes(init: StanzaInit, type: string | undefined): string[] {
  const list: string[] = []
  const add = (key: string, value: string | undefined): void => {
    if (value !== undefined) list.push(key, value)
  }
  const address = (value: Jid | string | undefined): string | undefined =>
    (typeof value === 'string' ? Jid.parse(value) : value)?.toString()
  add('type', type)
  add('id', init.id)
  add('to', address(init.to))
  add('from', address(init.from))
  add('xml:lang', init.lang)
  return list
}

/** @internal Text for a stanza: one string in the stanza's language, or one per language. */
export function pushTexts(
  nodes: XmlNode[],
  name: string,
  value: string | LangText | undefined,
  stanzaLang: string | undefined,
): void {
  if (value === undefined) return
  const texts = typeof value === 'string' ? { '': value } : value
  for (const [lang, text] of Object.entries(texts)) {
    const attributes = lang === '' ? [] : ['xml:lang', lang]
    nodes.push(new XmlElement(NS_CLIENT, name, attributes, text === '' ? [] : [text], lang || stanzaLang))
  }
}

/** @internal The text in the stanza's own language, or else the first one. */
export function ownText(stanza: XmlElement, texts: LangText): string | undefined {
  return texts[stanza.lang ?? ''] ?? Object.values(texts)[0]
}
