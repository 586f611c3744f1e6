import type { DiscoInfo } from '@couplet/disco'
import { DataForm } from '@couplet/forms'
import { readElement } from '@couplet/stanza'
import type { Capabilities } from './elements.js'
import { octetOrder } from './octet-order.js'
import { countedForms, identityText, isKnownHash, verificationString } from './verification-string.js'

/**
 * What an answer is worth (XEP-0115 §5.4): only one that is `verified` holds for everybody who announces the same hash.
 *
 * `unknown-hash`: cannot be computed here, or is none; `ill-formed`: says something twice; `mismatch`: has another hash;
 * `ambiguous`: has this hash, and so has another answer that would say something else.
 */
export type CapsVerdict = 'verified' | 'unknown-hash' | 'ill-formed' | 'mismatch' | 'ambiguous'

/** Checks what an entity has answered against what it has announced (XEP-0115 §5.4). */
export function checkCaps(info: DiscoInfo, { hash, ver }: Pick<Capabilities, 'hash' | 'ver'>): CapsVerdict {
  if (hash === undefined || !isKnownHash(hash)) return 'unknown-hash'
  if (isIllFormed(info)) return 'ill-formed'
  if (verificationString(info, hash) !== ver) return 'mismatch'
  return isAmbiguous(info) ? 'ambiguous' : 'verified'
}

/** §5.4, 3.3 to 3.5. */
function isIllFormed({ identities, features, forms }: DiscoInfo): boolean {
  if (hasRepeats(identities.map(identityText)) || hasRepeats(features)) return true
  return hasRepeats(countedForms(forms).map(({ type }) => type)) || forms.some(hasSeveralTypes)
}

const hasRepeats = (texts: readonly string[]): boolean => new Set(texts).size < texts.length

function hasSeveralTypes(form: Parameters<typeof countedForms>[0][number]): boolean {
  const read = readElement(DataForm, form)
  if (!read.ok) return false
  const types = read.value.fields.filter((field) => field.var === 'FORM_TYPE').flatMap(({ values }) => values)
  return new Set(types).size > 1
}

/** Words as the registries have them: no feature begins with three of them and slashes between. */
const word = /^[A-Za-z0-9_.-]+$/
const language = /^[A-Za-z0-9-]*$/
const looksLikeIdentity = /^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+\/[A-Za-z0-9-]*\//
/** What forms of service discovery are about, and no feature is called. */
const knownForms =
  /^(?:urn:xmpp:dataforms:|http:\/\/jabber\.org\/network\/|http:\/\/jabber\.org\/protocol\/muc#roominfo$)/

/**
 * The hashed text is a list without words for what is an identity, a feature, or a part of a form (S-152). An answer that
 * could have been made from another one by moving these borders is worth nothing for others.
 */
function isAmbiguous({ identities, features, forms }: DiscoInfo): boolean {
  const counted = countedForms(forms)
  const values = counted.flatMap(({ type, fields }) => [
    type,
    ...fields.flatMap((field) => [field.var ?? '', ...field.values]),
  ])
  if ([...identities.map(identityText), ...features, ...values].some((text) => text.includes('<'))) return true
  if (identities.length === 0 || features.some((feature) => looksLikeIdentity.test(feature))) return true
  if (
    !identities.every(({ category, type, lang = '' }) => word.test(category) && word.test(type) && language.test(lang))
  )
    return true
  const [firstForm] = counted.map(({ type }) => type).sort(octetOrder)
  if (firstForm === undefined || knownForms.test(firstForm)) return false
  // Features are sorted: one that was made into the beginning of a form would come after all that are left.
  const last = [...features].sort(octetOrder).at(-1)
  return last === undefined || octetOrder(last, firstForm) < 0
}
