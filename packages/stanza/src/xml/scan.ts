/**
 * The next place of a mark in a text, found once and kept until the reader has passed it. Engines search many times
 * faster than a loop looks at each character, and each character is still searched only once per mark.
 */
export class Cursor {
  readonly #mark: string
  #at = -1

  constructor(mark: string) {
    this.#mark = mark
  }

  /** Another text follows. */
  reset(): void {
    this.#at = -1
  }

  /** Where the mark is, at `from` or later; the length of the text if it is nowhere. */
  next(text: string, from: number): number {
    if (this.#at < from) {
      const at = text.indexOf(this.#mark, from)
      this.#at = at < 0 ? text.length : at
    }
    return this.#at
  }
}

/**
 * What consists of Chars (XML 1.0 §2.2, production 2), both halves of surrogate pairs included. The inner loop does the
 * work; nothing follows the outer one, so it never goes back.
 */
const legal = /(?:[\t\n\r -\ud7ff\ue000-\ufffd]+|[\ud800-\udbff][\udc00-\udfff])*/y

/** How much of the text is legal in XML; its length, if all of it is. */
export function legalEnd(text: string): number {
  // The network may bring a character at a time; starting the regex costs more than this.
  if (text.length === 1 && text >= ' ' && text < '\ud800') return 1
  legal.lastIndex = 0
  legal.test(text)
  return legal.lastIndex
}

/** The NameChars of ASCII (XML 1.0 §2.3, production 4a). */
const nameUnits = /* @__PURE__ */ Uint8Array.from({ length: 128 }, (_, i) => +/[\w.:-]/.test(String.fromCharCode(i)))

/** Where a name ends. Beyond ASCII anything is taken for a part of it: names are checked when they are complete. */
export function nameEnd(text: string, at: number): number {
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 128 && nameUnits[unit] === 0) break
  }
  return at
}

/** Where white space ends (XML 1.0 §2.3, production 3, after §2.11). */
export function spaceEnd(text: string, at: number): number {
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x09) break
  }
  return at
}

/** The unit at a place, 0 at the end: asking for one beyond the end makes the engines give up their fast code. */
export function unitAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0
}
