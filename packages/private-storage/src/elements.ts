import { element, type Field, type Infer, iqGet, iqSet, type XmlElement } from '@couplet/stanza'

/** The namespace of private storage (XEP-0049). */
export const NS_PRIVATE_STORAGE = 'jabber:iq:private'

/** Several of one namespace are possible (XEP-0049 §2.3). */
const foreignElements: Field<readonly XmlElement[]> = {
  path: '/*',
  parse: (query) => [...query.elements()].filter(({ ns }) => ns !== query.ns),
  build: (elements, parts) => void parts.children.push(...elements),
}

/** What is asked for, as an empty element, or what is stored (XEP-0049 §2.3). */
export const PrivateData = element(NS_PRIVATE_STORAGE, 'query', { elements: foreignElements })
/** The value of the definition of the same name. */
export type PrivateData = Infer<typeof PrivateData>

/** Asks for what is stored under the name and namespace of an empty element (XEP-0049 §2.3). */
export const loadPrivateData = iqGet(PrivateData, PrivateData)
/** Stores elements, each in the place of what was there under its name and namespace (XEP-0049 §2.3). */
export const storePrivateData = iqSet(PrivateData)
