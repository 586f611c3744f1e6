import type { Handled, InboundMessage, Provenance } from '@couplet/client'
import { vouch } from '@couplet/eme'
import { type BareJid, base64, type XmlElement } from '@couplet/stanza'
import { OmemoError } from '../omemo-error.js'
import type { OmemoStore } from '../store/omemo-store.js'
import { chatOf } from './chat-record.js'
import { bodyOf } from './content.js'
import type { Journal, JournalEntry } from './journal.js'
import type { MessageReceiver } from './message-receiver.js'
import { type DecryptedContent, guarded, type OmemoOutcome } from './outcome.js'
import type { MessageOrigin, Received } from './receive-task.js'
import type { TrustLedger } from './trust-ledger.js'

/** What the inbox works with. */
export interface InboxParts {
  readonly store: OmemoStore
  readonly receiver: MessageReceiver
  readonly journal: Journal
  readonly trust: TrustLedger
  readonly account: () => BareJid
  /** What is done after a message apart from giving it to the application. */
  readonly after: (received: Received, origin: MessageOrigin) => Promise<void>
  /** Told before the application, which may answer. */
  readonly noticeWriter: (jid: string, deviceId: number) => Promise<void>
  readonly inbound: (element: XmlElement, provenance: Provenance) => InboundMessage
  readonly parse: (xml: string) => XmlElement | undefined
  readonly report: (error: unknown) => void
  /** Has the client wait for it when it closes. */
  readonly waitUntil: <T>(work: Promise<T>) => Promise<T>
}

/** Takes what was decrypted. */
export type ContentHandler = (content: DecryptedContent) => Handled

/** Takes what has become of a message. */
export type OutcomeHandler = (outcome: OmemoOutcome, message: InboundMessage) => Handled

/** Messages on their way to the application: one after the other, each once, and kept until it has them. */
export class Inbox {
  readonly #parts: InboxParts
  readonly #contentHandlers = new Set<ContentHandler>()
  readonly #outcomeHandlers = new Set<OutcomeHandler>()
  readonly #taken = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()
  /** Entries of the journal that handlers have now. */
  readonly #given = new Set<string>()
  #hasListened = false
  #isReady = false
  #isReplayed = false
  #isAcknowledging = false

  constructor(parts: InboxParts) {
    this.#parts = parts
  }

  /** Calls the handler with what is decrypted, first with what an earlier run has not been given. */
  onContent(handler: ContentHandler): () => void {
    const isFirst = this.#contentHandlers.size === 0
    this.#contentHandlers.add(handler)
    this.#hasListened = true
    if (isFirst) {
      this.#isReplayed = false
      if (this.#isReady) void this.#run(() => this.ready())
    }
    return () => this.#contentHandlers.delete(handler)
  }

  /** Calls the handler with what has become of each message. */
  onOutcome(handler: OutcomeHandler): () => void {
    this.#outcomeHandlers.add(handler)
    return () => this.#outcomeHandlers.delete(handler)
  }

  /** Decrypts a message, and resolves when the application has it. */
  async take(message: InboundMessage, origin: MessageOrigin): Promise<OmemoOutcome | undefined> {
    const received = await this.#inTurn(async () => {
      await this.#replay()
      return this.#parts.receiver.receive(message, origin)
    })
    if (received === undefined) return undefined
    const outcome = guarded(received.outcome)
    if (outcome.status === 'decrypted') {
      const { jid, deviceId } = outcome.device
      await this.#run(() => this.#parts.noticeWriter(jid, deviceId))
    }
    const given = outcome.status === 'decrypted' ? this.#give(outcome) : undefined
    const told = [...this.#outcomeHandlers].map((handler) => this.#run(() => handler(outcome, message)))
    // Whoever listens for outcomes alone has the text from them.
    const taking = this.#hasListened ? (given ?? []) : told
    // With nobody to take it, it stays where it is. What else follows from it may take longer, and is no reason to wait.
    const isTakable = outcome.status === 'decrypted' && taking.length > 0
    const crossed = isTakable ? this.#crossWhen(taking, outcome.journalId) : undefined
    await Promise.all([this.#parts.after(received, origin), crossed, ...told])
    return outcome
  }

  /** There is a session: what an earlier run has decrypted and did not give away is given to the application. */
  ready(): Promise<void> {
    this.#isReady = true
    return this.#inTurn(() => this.#replay())
  }

  /** Whether plain text is refused in a chat. */
  async chat(jid: string): Promise<Awaited<ReturnType<typeof chatOf>>> {
    return this.#parts.store.transaction([], (transaction) => chatOf(transaction, jid))
  }

  async #replay(): Promise<void> {
    if (this.#isReplayed || this.#contentHandlers.size === 0) return
    this.#isReplayed = true
    for (const [id, entry] of await this.#parts.journal.pending()) {
      if (this.#given.has(id)) continue
      const content = await this.#contentOf(entry)
      if (content === undefined) {
        this.#parts.report(new OmemoError('corrupt-record'))
        continue
      }
      void this.#crossWhen(this.#give(content), id)
    }
  }

  /** Gives it to the application; each promise says whether a handler has taken it. Never rejects. */
  #give(content: DecryptedContent): readonly Promise<boolean>[] {
    const { message, device, identityKey } = content
    vouch(message, `${device.version} ${base64.encode(identityKey)}`)
    return [...this.#contentHandlers].map((handler) => this.#run(() => handler(content)))
  }

  /** When all handlers have taken it, the application has it. Never rejects. */
  async #crossWhen(taking: readonly Promise<boolean>[], id: string): Promise<void> {
    this.#given.add(id)
    const isTaken = !(await Promise.all(taking)).includes(false)
    if (isTaken) this.#taken.add(id)
    if (isTaken) await this.#parts.waitUntil(this.#run(() => this.#acknowledge()))
    this.#given.delete(id)
  }

  /** Several at once, if they come faster than they can be crossed out. */
  async #acknowledge(): Promise<void> {
    if (this.#isAcknowledging) return
    this.#isAcknowledging = true
    try {
      while (this.#taken.size > 0) {
        const ids = new Set(this.#taken)
        this.#taken.clear()
        await this.#parts.journal.acknowledge(ids)
      }
    } finally {
      this.#isAcknowledging = false
    }
  }

  async #contentOf(entry: JournalEntry): Promise<DecryptedContent | undefined> {
    const element = this.#parts.parse(entry.xml)
    const identityKey = base64.decode(entry.identityKey)
    if (element === undefined || identityKey === undefined) return undefined
    const content = [...element.elements()]
    const [trust = 'undecided'] = await this.#parts.trust.levels(entry.from, [{ key: identityKey }])
    return {
      message: this.#parts.inbound(element, entry.provenance as Provenance),
      content,
      body: bodyOf(content),
      device: { jid: entry.from, deviceId: entry.deviceId, version: entry.version },
      identityKey,
      trust,
      boundFrom: entry.boundFrom,
      boundTo: entry.boundTo,
      time: entry.time === undefined ? undefined : new Date(entry.time),
      payloadHash: base64.decode(entry.payloadHash) ?? new Uint8Array(0),
      room: entry.room,
    }
  }

  /** Whether it did not throw. */
  async #run(code: () => Handled): Promise<boolean> {
    try {
      await code()
      return true
    } catch (error) {
      this.#parts.report(error)
      return false
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return this.#parts.waitUntil(turn)
  }
}
