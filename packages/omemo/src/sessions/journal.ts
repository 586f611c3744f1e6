import { randomId } from '@couplet/client'
import type { OmemoStore, Transaction } from '../store/omemo-store.js'
import type { RecordKind } from '../store/record-kind.js'
import type { VersionName } from '../wire/version.js'

/** A message that was decrypted and that the application has not taken yet. */
export interface JournalEntry {
  /** The message with what was encrypted in place, as XML. */
  readonly xml: string
  /** How it came. */
  readonly provenance: string
  /** How it was encrypted. */
  readonly version: VersionName
  /** The account of its sender. */
  readonly from: string
  /** The sender's device. */
  readonly deviceId: number
  /** The identity key of that device in the X25519 form, base64. */
  readonly identityKey: string
  /** Whether the sender is named inside. */
  readonly boundFrom: boolean
  /** Whether the recipient is named inside. */
  readonly boundTo: boolean
  /** When it was encrypted, according to the sender. */
  readonly time: number | undefined
  /** A hash of the payload as it was on the wire, base64. */
  readonly payloadHash: string
  /** The room it was said in. */
  readonly room: string | undefined
}

const entryKind: RecordKind<JournalEntry> = {
  name: 'journal',
  version: 1,
  toJson: (entry) => entry,
  fromJson: (json: JournalEntry) => json,
}

const indexKind: RecordKind<readonly string[]> = {
  name: 'journal',
  version: 1,
  toJson: (ids) => ids,
  fromJson: (json: readonly string[]) => json,
}

/** How many texts wait at most for an application that does not listen. */
const most = 2000

/** Everything that receives takes its turn. */
export const receiveScope = 'receive'

/** What was decrypted is kept until the application has it: a key is used once, so there is no second time (OMEMO F18). */
export class Journal {
  readonly #store: OmemoStore

  constructor(store: OmemoStore) {
    this.#store = store
  }

  /** Adds an entry to a transaction on {@link receiveScope}, and returns its id. */
  async add(transaction: Transaction, entry: JournalEntry): Promise<string> {
    const id = randomId()
    const ids = (await transaction.get(indexKind)) ?? []
    // Nobody takes anything: what is oldest makes room.
    for (const oldest of ids.slice(0, Math.max(0, ids.length + 1 - most))) transaction.delete(entryKind, oldest)
    transaction.put(indexKind, '', [...ids, id].slice(-most))
    transaction.put(entryKind, id, entry)
    return id
  }

  /** The application has taken these. */
  async acknowledge(ids: ReadonlySet<string>): Promise<void> {
    if (ids.size === 0) return
    await this.#store.transaction([receiveScope], async (transaction) => {
      const all = (await transaction.get(indexKind)) ?? []
      const left = all.filter((id) => !ids.has(id))
      if (left.length === all.length) return
      for (const id of ids) transaction.delete(entryKind, id)
      transaction.put(indexKind, '', left)
    })
  }

  /** What the application has not taken, in the order in which it came. */
  async pending(): Promise<readonly (readonly [id: string, entry: JournalEntry])[]> {
    const ids = (await this.#store.read(indexKind)) ?? []
    const entries = await Promise.all(ids.map((id) => this.#store.read(entryKind, id)))
    return ids.flatMap((id, index) => {
      const entry = entries[index]
      return entry === undefined ? [] : [[id, entry] as const]
    })
  }
}
