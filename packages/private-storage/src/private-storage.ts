import type { CallOptions, Session } from '@couplet/client'
import { type ElementDef, MalformedElementError, readElement, XmlElement, xml } from '@couplet/stanza'
import { loadPrivateData, storePrivateData } from './elements.js'

/**
 * What this account has stored under the name of the definition; `undefined` if that is nothing, or an empty element, for
 * which servers make no difference (XEP-0049 §2.3).
 *
 * @throws MalformedElementError if it does not have the shape of the definition
 * @throws StanzaError if the server does not store anything
 * @throws TypeError for a definition of several names
 */
export async function getPrivateData<T>(
  session: Pick<Session, 'request'>,
  def: ElementDef<T>,
  { signal }: CallOptions = {},
): Promise<T | undefined> {
  const { elements } = await session.request(loadPrivateData, { elements: [emptyOf(def)] }, { signal })
  const [stored, ...more] = elements.filter(def.matches)
  if (more.length > 0) throw new MalformedElementError(`query/${stored?.name}`, 'occurs more than once')
  if (stored === undefined || isEmpty(stored)) return undefined
  const result = readElement(def, hasContent(stored) ? stored : withContent(stored))
  if (!result.ok) throw result.error
  return result.value
}

/**
 * Stores a value in the place of what was there, with all that the definition does not know; `undefined` clears it.
 *
 * @throws StanzaError if the server does not store it
 * @throws TypeError for a definition of several names, and for a value that it cannot write
 */
export async function setPrivateData<T>(
  session: Pick<Session, 'request'>,
  def: ElementDef<T>,
  value: T | undefined,
  { signal }: CallOptions = {},
): Promise<void> {
  const empty = emptyOf(def)
  const stored = value === undefined ? empty : def.build(value)
  // Some servers take an element without content for one to delete, whatever its attributes say.
  const element = isEmpty(stored) || hasContent(stored) ? stored : withContent(stored, '\n')
  await session.request(storePrivateData, { elements: [element] }, { signal })
}

/** What stands for all that is stored under a name. */
function emptyOf({ ns, tags }: Pick<ElementDef<unknown>, 'ns' | 'tags'>): XmlElement {
  const [name, ...more] = tags
  if (name === undefined || more.length > 0) throw new TypeError('only a definition of one name can be stored')
  return xml(ns, name)
}

const hasContent = ({ children }: XmlElement): boolean =>
  children.some((child) => typeof child !== 'string' || child.trim() !== '')

const isEmpty = (element: XmlElement): boolean => element.attributeList.length === 0 && !hasContent(element)

const withContent = ({ ns, name, attributeList, lang }: XmlElement, ...content: readonly string[]): XmlElement =>
  new XmlElement(ns, name, attributeList, content, lang)
