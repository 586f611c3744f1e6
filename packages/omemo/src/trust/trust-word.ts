import type { TrustRecord, TrustWord } from './trust-record.js'

/** Whose word it is: the user's, on any own device, or that of another device of the owner. */
export type WordOf = 'own' | 'contact'

/**
 * A record with one more word, in whatever order words come: of each side the newest counts (OMEMO S24). `undefined` if the
 * side has said something newer.
 */
export function withWord(record: TrustRecord, side: WordOf, word: TrustWord): TrustRecord | undefined {
  const before = record[side]
  if (before !== undefined && !isNewer(word, before)) return undefined
  const next: TrustRecord = { ...record, [side]: word }
  const { level, by } = decidingWord(next) ?? word
  const onPurpose = level === 'authenticated' || level === 'trusted'
  return { ...next, level, by, ...(onPurpose && { verifiedOnce: true as const }) }
}

/** What the user distrusts no contact brings back; otherwise the newer word counts. */
function decidingWord({ own, contact }: TrustRecord): TrustWord | undefined {
  if (own === undefined || contact === undefined) return own ?? contact
  return own.level === 'distrusted' || !isNewer(contact, own) ? own : contact
}

/** Of two words of the same time distrust is the newer one. */
const isNewer = (word: TrustWord, than: TrustWord): boolean =>
  word.at > than.at || (word.at === than.at && word.level === 'distrusted' && than.level !== 'distrusted')
