import type { PepNode } from '@couplet/pep'
import { define, type ElementDef, type XmlElement } from '@couplet/stanza'

/** The namespace of XEP-0384 0.3. */
export const NS_LEGACY = 'eu.siacs.conversations.axolotl'
/** The namespace of XEP-0384 0.8 and later. */
export const NS_OMEMO_2 = 'urn:xmpp:omemo:2'
/** What XEP-0384 0.8 and later encrypt (XEP-0420). */
export const NS_ENVELOPE = 'urn:xmpp:sce:1'

/** Both versions, by what they are called in titles. */
export const versions = { '0.3': NS_LEGACY, 'omemo:2': NS_OMEMO_2 } as const
/** The namespace of a version. */
export type Version = (typeof versions)[keyof typeof versions]

/** An element as it is: what another library has built, or wants to read. */
const whole = (ns: string, tag: string): ElementDef<XmlElement> =>
  define(
    ns,
    [tag],
    (value: XmlElement) => value,
    (element) => element,
  )

/** The encrypted messages of each version. */
export const encrypted: Readonly<Record<Version, ElementDef<XmlElement>>> = {
  [NS_LEGACY]: whole(NS_LEGACY, 'encrypted'),
  [NS_OMEMO_2]: whole(NS_OMEMO_2, 'encrypted'),
}

/** Where each version keeps the list of devices (XEP-0384 §5.3.1; 0.3: §4.2). */
export const deviceList: Readonly<Record<Version, PepNode<XmlElement>>> = {
  [NS_LEGACY]: { name: `${NS_LEGACY}.devicelist`, item: whole(NS_LEGACY, 'list'), access: 'open' },
  [NS_OMEMO_2]: { name: `${NS_OMEMO_2}:devices`, item: whole(NS_OMEMO_2, 'devices'), access: 'open' },
}

/** Where a bundle is: 0.3 has a node for each device, the newer versions an item (XEP-0384 §5.3.2; 0.3: §4.3). */
export const bundlePlace = (
  version: Version,
  device: number,
): { readonly node: PepNode<XmlElement>; readonly id: string } =>
  version === NS_LEGACY
    ? {
        node: { name: `${NS_LEGACY}.bundles:${device}`, item: whole(NS_LEGACY, 'bundle'), access: 'open' },
        id: 'current',
      }
    : {
        node: { name: `${NS_OMEMO_2}:bundles`, item: whole(NS_OMEMO_2, 'bundle'), access: 'open', maxItems: 'max' },
        id: String(device),
      }
