import type { Transaction } from '../store/omemo-store.js'
import type { RecordKind } from '../store/record-kind.js'

/** What is remembered of a chat. */
export interface Chat {
  /** Whether plain text must not be sent in it (OMEMO S2). */
  readonly isRequired: boolean
  /** Whether the contact wants plain text, and the user has not said yet what to do (XEP-0384 §5.7). */
  readonly isOptedOut: boolean
  /** Whether we have written something, so that they know of us. */
  readonly isWritten: boolean
}

const plain: Chat = { isRequired: false, isOptedOut: false, isWritten: false }

const chatKind: RecordKind<Chat> = {
  name: 'chat',
  version: 1,
  toJson: (chat) => chat,
  fromJson: (json: Chat) => json,
}

/** The scope of a chat in the store. */
export const chatScope = (jid: string): string => `chat ${jid}`

/** What is remembered of a chat. */
export async function chatOf(reader: Pick<Transaction, 'get'>, jid: string): Promise<Chat> {
  return (await reader.get(chatKind, jid)) ?? plain
}

/** Changes what is remembered, in a transaction on {@link chatScope}. */
export async function changeChat(transaction: Transaction, jid: string, change: Partial<Chat>): Promise<void> {
  const before = await chatOf(transaction, jid)
  const after = { ...before, ...change }
  const isSame = (Object.keys(after) as (keyof Chat)[]).every((key) => after[key] === before[key])
  if (!isSame) transaction.put(chatKind, jid, after)
}
