import type { Message } from '@couplet/stanza'
import { type FallbackRange, withoutFallback } from './code-points.js'
import { Fallback } from './elements.js'

/**
 * The body without what is there for clients that do not know one of these protocols; `undefined` if there is no body,
 * or nothing but fallback. Name only protocols whose payload you have read and show instead: anyone can mark any text.
 *
 * @param understood namespaces, as in the attribute `for`
 */
export function bodyWithoutFallback(message: Message, understood: readonly string[]): string | undefined {
  return visible(message, message.body, rangesOf(message, understood, 'bodies'), 'body')
}

/** The same for the subject. */
export function subjectWithoutFallback(message: Message, understood: readonly string[]): string | undefined {
  return visible(message, message.subject, rangesOf(message, understood, 'subjects'), 'subject')
}

/** XEP-0428 §2.2: without any children, all texts are fallback. */
function rangesOf(
  message: Message,
  understood: readonly string[],
  key: 'bodies' | 'subjects',
): readonly FallbackRange[] {
  return message
    .all(Fallback)
    .filter((fallback) => fallback.for !== undefined && understood.includes(fallback.for))
    .flatMap((fallback) => (fallback.bodies.length + fallback.subjects.length === 0 ? [{}] : fallback[key]))
}

function visible(
  { element }: Message,
  text: string | undefined,
  ranges: readonly FallbackRange[],
  name: string,
): string | undefined {
  if (text === undefined || ranges.length === 0) return text
  const texts = [...element.elements()].filter((child) => child.name === name && child.ns === element.ns)
  // Nothing says which of several languages the numbers are for.
  const usable = texts.length > 1 ? ranges.filter(({ start, end }) => start === undefined && end === undefined) : ranges
  return withoutFallback(text, usable) || undefined
}
