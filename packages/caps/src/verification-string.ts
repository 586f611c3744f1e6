import type { DiscoIdentity, DiscoInfo } from '@couplet/disco'
import { DataForm, type FormField } from '@couplet/forms'
import { base64, readElement, type XmlElement } from '@couplet/stanza'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { octetOrder } from './octet-order.js'

/** The hash functions that can be computed here; SHA-1 is what everybody uses (XEP-0115 §9.1). */
const hashes: ReadonlyMap<string, (data: Uint8Array) => Uint8Array> = new Map([
  ['sha-1', sha1],
  ['sha-256', sha256],
  ['sha-384', sha384],
  ['sha-512', sha512],
])

/** A form that counts: one that says what it is about (§5.4, 3.6). */
export interface CountedForm {
  /** What it is about. */
  readonly type: string
  /** The other fields. */
  readonly fields: readonly FormField[]
}

/** Whether verification strings of this hash function can be computed here. */
export const isKnownHash = (hash: string): boolean => hashes.has(hash)

/**
 * The hash of what an entity says about itself (XEP-0115 §5.1).
 *
 * @throws RangeError for a hash function that `isKnownHash` does not know
 */
export function verificationString(info: Pick<DiscoInfo, 'identities' | 'features' | 'forms'>, hash = 'sha-1'): string {
  const compute = hashes.get(hash)
  if (compute === undefined) throw new RangeError('an unknown hash function')
  return base64.encode(compute(new TextEncoder().encode(hashInput(info))))
}

function hashInput({ identities, features, forms }: Pick<DiscoInfo, 'identities' | 'features' | 'forms'>): string {
  const parts = [
    ...[...identities].sort(identityOrder).map(identityText),
    ...[...features].sort(octetOrder),
    ...[...countedForms(forms)].sort((a, b) => octetOrder(a.type, b.type)).flatMap(formParts),
  ]
  return parts.map((part) => `${part}<`).join('')
}

/** An identity as one text (§5.1, 2). */
export const identityText = ({ category, type, lang = '', name = '' }: DiscoIdentity): string =>
  `${category}/${type}/${lang}/${name}`

function identityOrder(one: DiscoIdentity, other: DiscoIdentity): number {
  return (
    octetOrder(one.category, other.category) ||
    octetOrder(one.type, other.type) ||
    octetOrder(one.lang ?? '', other.lang ?? '')
  )
}

/** The forms that count, in their order; the others are ignored (§5.4, 3.6). */
export function countedForms(forms: readonly XmlElement[]): readonly CountedForm[] {
  return forms.flatMap((form) => {
    const read = readElement(DataForm, form)
    if (!read.ok) return []
    const { fields } = read.value
    const typed = fields.find((field) => field.var === 'FORM_TYPE')
    const type = typed?.values[0]
    if (typed?.type !== 'hidden' || type === undefined) return []
    return [{ type, fields: fields.filter((field) => field.var !== 'FORM_TYPE') }]
  })
}

function formParts({ type, fields }: CountedForm): readonly string[] {
  const sorted = [...fields].sort((a, b) => octetOrder(a.var ?? '', b.var ?? ''))
  return [type, ...sorted.flatMap((field) => [field.var ?? '', ...[...field.values].sort(octetOrder)])]
}
