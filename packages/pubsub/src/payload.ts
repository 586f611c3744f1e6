import { type ElementDef, MalformedElementError, type ReadResult, readElement, type XmlElement } from '@couplet/stanza'

/** Reads the payload of an item with the definition of its node; whatever else it is is malformed. */
export function readPayload<T>(item: ElementDef<T>, payload: XmlElement): ReadResult<T> {
  if (item.matches(payload)) return readElement(item, payload)
  return { ok: false, error: new MalformedElementError(`item/${item.tags.join('|')}`, 'is missing') }
}
