import { type BareJid, type ElementDef, readElement, type XmlElement } from '@couplet/stanza'
import type { Conference } from './elements.js'

/**
 * A room that is remembered. Its password is read with the property of that name, and is neither in its JSON nor in what
 * `console.log` shows.
 */
export class Bookmark {
  /** The address of the room. */
  readonly jid: BareJid
  /** What the user calls it. */
  readonly name: string | undefined
  /** Whether the user wants to be in it whenever online. Nothing is joined by itself: see `joinBookmarked`. */
  readonly autojoin: boolean
  /** What to be called there. */
  readonly nick: string | undefined
  /** What other clients and servers have added. */
  readonly extensions: readonly XmlElement[]
  readonly #password: string | undefined

  /** @internal */
  constructor(jid: BareJid, { name, autojoin = false, nick, password, extensions = [] }: Conference) {
    this.jid = jid
    this.name = name
    this.autojoin = autojoin
    this.nick = nick
    this.extensions = extensions
    this.#password = password
  }

  /** The password of the room. It is stored readable for the server (XEP-0402 §2). */
  get password(): string | undefined {
    return this.#password
  }

  /** The extension of this definition; `undefined` if there is none, or none that can be read. */
  extension<T>(def: ElementDef<T>): T | undefined {
    const found = this.extensions.find((each) => def.matches(each))
    const read = found && readElement(def, found)
    return read?.ok ? read.value : undefined
  }
}

/** What is to change: what is absent stays, `null` removes it. */
export interface BookmarkUpdate {
  /** What the user calls the room; clients should not make one up. */
  readonly name?: string | null | undefined
  /** Whether the user wants to be in it whenever online. */
  readonly autojoin?: boolean | undefined
  /** What to be called there. */
  readonly nick?: string | null | undefined
  /** The password of the room. The server can read it. */
  readonly password?: string | null | undefined
  /** Makes the extensions from those there are; leave those in that you do not know. */
  readonly extensions?: ((current: readonly XmlElement[]) => readonly XmlElement[]) | undefined
}

/** What a bookmark becomes; everything that is not said stays as it was. */
export function updated(current: Conference, { extensions, ...update }: BookmarkUpdate): Conference {
  const pick = <T>(now: T | undefined, next: T | null | undefined): T | undefined =>
    next === undefined ? now : (next ?? undefined)
  const changed = extensions?.(current.extensions ?? [])
  return {
    ...current,
    name: pick(current.name, update.name),
    autojoin: pick(current.autojoin, update.autojoin),
    nick: pick(current.nick, update.nick),
    password: pick(current.password, update.password),
    extensions: changed?.length === 0 ? undefined : (changed ?? current.extensions),
  }
}
