import { base64 } from '@couplet/stanza'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8Bytes } from '../crypto/bytes.js'
import type { Transaction } from '../store/omemo-store.js'
import type { RecordKind } from '../store/record-kind.js'

/** How many are remembered in each of the 256 records. */
const most = 96

const seenKind: RecordKind<readonly string[]> = {
  name: 'seen',
  version: 1,
  toJson: (marks) => marks,
  fromJson: (json: readonly string[]) => json,
}

/** What names a share of a message for good: a ratchet may have forgotten it when an archive brings it again. */
export function markOf(sender: string, share: Uint8Array): string {
  return base64.encode(sha256(concatBytes(utf8Bytes(sender), share)).subarray(0, 9))
}

const recordOf = (mark: string): string => String(base64.decode(mark)?.[0] ?? 0)

/** Whether such a share was decrypted before. In a transaction on `receiveScope`. */
export async function isSeen(transaction: Transaction, mark: string): Promise<boolean> {
  return ((await transaction.get(seenKind, recordOf(mark))) ?? []).includes(mark)
}

/** Remembers a share that was decrypted. */
export async function see(transaction: Transaction, mark: string): Promise<void> {
  const marks = (await transaction.get(seenKind, recordOf(mark))) ?? []
  transaction.put(seenKind, recordOf(mark), [...marks, mark].slice(-most))
}
