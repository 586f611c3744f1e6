// The string profiles behind a JID. Everything Unicode comes from the platform (`\p{…}`, `normalize`, `URL`), so the
// bundle carries no tables, and what counts as assigned follows the engine's Unicode version.

// RFC 8264 §9.6, §9.9, §9.10, §9.12, §9.13: never allowed. ZWNJ and ZWJ are left to the context rules.
const DISALLOWED =
  /(?!\p{Join_Control})[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u0640\u07fa\u1100-\u11ff\u302e\u302f\u3031-\u3035\u303b\ua960-\ua97c\ud7b0-\ud7fb]/u

// RFC 8264 §4.2: what no IdentifierClass string holds, which is all but LetterDigits, ASCII and the exceptions of §9.6.
const NOT_IDENTIFIER =
  /[^!-~\p{Ll}\p{Lu}\p{Lo}\p{Lm}\p{Nd}\p{Mn}\p{Mc}\u00b7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb\p{Join_Control}]/u

// RFC 5892 appendix A: places where a CONTEXTJ or CONTEXTO code point is at home. JavaScript knows no Joining_Type, so
// ZWNJ between letters is accepted in the Arabic block alone (dual-joining before it, any joining letter after); other
// cursive scripts lose an optional ZWNJ. That refuses too much instead of letting an invisible character through.
const IN_CONTEXT =
  /l\u00b7(?=l)|\u0375(?=\p{Script=Greek})|(?![\u05f3\u05f4])\p{Script=Hebrew}[\u05f3\u05f4]+|[\u0620\u0626\u0628\u062a-\u062e\u0633-\u063f\u0641-\u0647\u0649\u064a\u066e\u066f\u0678-\u0687\u069a-\u06bf\u06c1\u06c2\u06cc\u06ce\u06d0\u06d1\u06fa-\u06fc\u06ff]\p{Mn}*\u200c(?=\p{Mn}*(?![\u0621\u0674\p{Mn}])[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff])|([\p{Mn}\p{Mc}])\p{Join_Control}/gu
const NEEDS_CONTEXT = /[\u00b7\u0375\u05f3\u05f4\p{Join_Control}]/u

// RFC 5893 §2 by approximation: JavaScript knows no Bidi_Class, but R, AL and AN live in the blocks of the fourth group
// only (by default even their unassigned code points do), where every mark is NSM. Groups: NSM; AN, the Arabic-Indic and
// Rohingya digits; EN, the ASCII and Persian digits; R and AL; L, which is any other letter, digit or spacing mark.
const BIDI_CLASS =
  /(\p{Mn})|([\u0660-\u0669\u{10d30}-\u{10d39}])|([\d\u06f0-\u06f9])|([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}])|([\p{L}\p{Mc}\p{Nd}])|./gsu

// A domain that only needs lower case: LDH labels, no longer than a single label may be, no number at the end. Without
// the u flag, i folds ASCII letters alone (no Kelvin sign, no long s).
const PLAIN_DOMAIN = /^(?=.{1,63}$)(?:[a-z\d]+(?:-[a-z\d]+)*\.)*[a-z][a-z\d]*(?:-[a-z\d]+)*$/i

// Canonical_Combining_Class 9 without a table: canonical ordering sorts a virama behind U+3099 (class 8) and before
// U+05B0 (class 10).
function isVirama(mark: string): boolean {
  return (
    mark !== '\u05b0' &&
    mark !== '\u3099' &&
    `\u05b0${mark}`.normalize('NFD') === `${mark}\u05b0` &&
    `${mark}\u3099`.normalize('NFD') === `\u3099${mark}`
  )
}

/** Whether every CONTEXTJ and CONTEXTO code point stands where RFC 5892 appendix A allows it. */
function fitsContext(text: string): boolean {
  const rest = text.replace(IN_CONTEXT, (hit: string, mark?: string) =>
    mark === undefined || isVirama(mark) ? '-' : hit,
  )
  return (
    !NEEDS_CONTEXT.test(rest) &&
    !(text.includes('\u30fb') && !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text)) &&
    !(/[\u0660-\u0669]/.test(text) && /[\u06f0-\u06f9]/.test(text))
  )
}

/** The Bidi Rule (RFC 5893 §2), which binds only text with a right-to-left code point. */
function fitsBidi(text: string): boolean {
  // Behind the groups come offset and text: an index without a letter is a neutral.
  const classes = text.replace(BIDI_CLASS, (_, ...groups: unknown[]) => 'MAERL'[groups.findIndex(Boolean)] ?? 'O')
  // No right-to-left code point, or: R first, nothing of L, not both kinds of digits, R or a digit before the last marks.
  return /^[^RA]*$|^(?![^A]*A[^E]*E|[^E]*E[^A]*A)R(?:[^L]*[RAE])?M*$/.test(classes)
}

/** Membership in the IdentifierClass by code point (RFC 8264 §8), before the context rules. */
function isIdentifier(text: string): boolean {
  if (text === '' || NOT_IDENTIFIER.test(text) || DISALLOWED.test(text)) return false
  // HasCompat (RFC 8264 §9.17) is a property of each code point: the whole string may well compose.
  for (const char of text) if (char > '~' && char.normalize('NFKC') !== char) return false
  return true
}

// RFC 8265 §3.3.1: only <wide> and <narrow> decompositions, which are exactly these code points.
function mapWidth(text: string): string {
  return text.replace(/[\u3000\uff01-\uffee]/g, (char) => char.normalize('NFKC'))
}

// RFC 8264 §7: once, then at most three more times until nothing changes; a string still moving is invalid.
function untilStable(text: string, apply: (text: string) => string | undefined): string | undefined {
  let current = text
  for (let round = 0; round < 4; round++) {
    const next = apply(current)
    if (next === undefined || next === current) return next
    current = next
  }
  return undefined
}

/** Enforces PRECIS UsernameCaseMapped (RFC 8265 §3.3); `undefined` when `text` is not a valid string of the profile. */
export function enforceUsername(text: string): string | undefined {
  return untilStable(text, (before) => {
    const wide = mapWidth(before)
    if (!isIdentifier(wide)) return undefined
    const name = wide.toLowerCase().normalize('NFC')
    return fitsContext(name) && fitsBidi(name) ? name : undefined
  })
}

/** Enforces PRECIS OpaqueString (RFC 8265 §4.2); `undefined` when `text` is not a valid string of the profile. */
export function enforceOpaque(text: string): string | undefined {
  return untilStable(text, (before) => {
    if (before === '' || DISALLOWED.test(before)) return undefined
    const opaque = before.replace(/\p{Zs}/gu, ' ').normalize('NFC')
    return fitsContext(opaque) ? opaque : undefined
  })
}

/**
 * Enforces a domainpart (RFC 7622 §3.2): U-labels in lower case and NFC, a dotted-quad IPv4 address or a bracketed IPv6
 * literal, without the root's dot; `undefined` when `text` is none of them. A-labels become U-labels.
 */
export function enforceDomain(text: string): string | undefined {
  const wide = mapWidth(text).replace(/\.$/, '')
  if (PLAIN_DOMAIN.test(wide)) return wide.toLowerCase()
  try {
    const host = toAscii(wide)
    const domain = host?.replace(/(^|\.)xn--([^.]*)/g, (_, dot: string, code: string) => dot + decodePunycode(code))
    // The way back has to lead to the same host: some engines accept A-labels that no U-label encodes to.
    return domain !== undefined && toAscii(domain) === host ? domain : undefined
  } catch {
    return undefined
  }
}

// `URL` does Punycode and the rules on initial marks; all it is too generous with is refused around it. That is,
// besides ports and escapes: `1.2.3` and `0x7f.1`, which it and most resolvers take for another spelling of an IPv4
// address. Such a host would be one peer under two names, so it is no JID.
function toAscii(name: string): string | undefined {
  if (!isIdentifier(name)) return undefined
  const lower = name.toLowerCase().normalize('NFC')
  const literal = /^\[[\da-f:.]+\]$/.test(lower)
  if (!literal && !lower.split('.').every(isLabel)) return undefined
  const host = new URL(`http://${lower}`).hostname
  return (!/[^\d.]/.test(host) && host !== lower) || (!literal && /[^.]{64}/.test(host)) ? undefined : host
}

// RFC 5890 §2.3.1: letters, digits and inner hyphens, none in third and fourth place but in an A-label.
function isLabel(label: string): boolean {
  return (
    /^(?!-|(?!xn--[a-z\d-]+$)..--)[a-z\d\-\x80-\u{10ffff}]+$/u.test(label) &&
    !label.endsWith('-') &&
    fitsContext(label) &&
    fitsBidi(label)
  )
}

/** The Punycode decoder of RFC 3492 §6.2; throws a `RangeError` where there is no code point to insert. */
function decodePunycode(code: string): string {
  const split = code.lastIndexOf('-')
  const output = Array.from(code.slice(0, Math.max(split, 0)))
  let point = 128
  let index = 0
  let bias = 72
  for (let next = split + 1; next < code.length; ) {
    const start = index
    for (let weight = 1, k = 36; ; k += 36) {
      const digit = Number.parseInt(code.charAt(next++), 36)
      // base 36 has 0-9 first, Punycode has a-z first
      const value = digit < 10 ? digit + 26 : digit - 10
      const threshold = Math.min(Math.max(k - bias, 1), 26)
      index += value * weight
      if (!(value >= threshold)) break
      weight *= 36 - threshold
    }
    const length = output.length + 1
    let delta = ((index - start) / (start === 0 ? 700 : 2)) | 0
    delta += (delta / length) | 0
    for (bias = 0; delta > 455; bias += 36) delta = (delta / 35) | 0
    bias += ((36 * delta) / (delta + 38)) | 0
    point += (index / length) | 0
    index %= length
    output.splice(index++, 0, String.fromCodePoint(point))
  }
  return output.join('')
}
