import { child, define, type ElementDef, Malformed, type XmlElement, xml } from '@couplet/stanza'

/**
 * An element around exactly one other, whose value it has. As all requests of this protocol are called `<pubsub/>`, it
 * matches by what is inside.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function around<T>(ns: string, tag: string, inner: ElementDef<T>): ElementDef<T> {
  const content = child(inner)
  const outer = define<T>(
    ns,
    [tag],
    (value) => xml(ns, tag, {}, inner.build(value)),
    (element) => content.parse(element) ?? new Malformed(content.path, 'is missing'),
  )
  return holding(outer, inner)
}

/**
 * The same definition, matching only elements with such a child.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function holding<T>(def: ElementDef<T>, inner: Pick<ElementDef<unknown>, 'matches'>): ElementDef<T> {
  const { ns, tags } = def
  return Object.assign(def, {
    matches: (element: XmlElement) =>
      element.ns === ns && element.name === tags[0] && [...element.elements()].some((node) => inner.matches(node)),
  })
}
