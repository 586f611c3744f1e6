import type { InboundMessage, SendHandle } from '@couplet/client'
import { Jid, type Message } from '@couplet/stanza'
import { spokenNamespaces } from './elements.js'
import { isEncrypted } from './is-encrypted.js'
import type { OmemoCore } from './omemo-core.js'
import { OmemoError } from './omemo-error.js'
import { changeChat, chatScope } from './sessions/chat-record.js'
import type { MessageOrigin } from './sessions/receive-task.js'

/** What the user has said of a chat. */
export interface ChatRule {
  /** Whether it is for encrypted messages only. */
  readonly isRequired: boolean
  /** Whether the contact wants plain text, and the user has not agreed yet (XEP-0384 §5.7). */
  readonly isOptedOut: boolean
}

/** How many chats are remembered of which a plain message has come. */
const mostRemembered = 1000

/** Whether plain text may be sent, and what the user says about that. It outlasts the process (OMEMO S2). */
export class ChatRules {
  readonly #core: OmemoCore
  /** Looking into the store for each plain message would cost more than the message. */
  readonly #required = new Map<string, boolean>()

  /** @internal */
  constructor(core: OmemoCore) {
    this.#core = core
  }

  /** Whether a chat is for encrypted messages only, and whether the contact wants plain text. */
  async of(jid: Jid | string): Promise<ChatRule> {
    const { isRequired, isOptedOut } = await this.#core.inbox.chat(bare(jid))
    return { isRequired, isOptedOut }
  }

  /** The user decides: for instance that plain text is fine (`isOptedOut: false`, `isRequired: false`). */
  async change(jid: Jid | string, change: Partial<ChatRule>): Promise<void> {
    const name = bare(jid)
    await this.#core.store.transaction([chatScope(name)], (transaction) => changeChat(transaction, name, change))
    this.#required.delete(name)
  }

  /**
   * Sends a message as it is, if that is right in this chat.
   *
   * @throws OmemoError `encryption-required`, or `opted-out` as long as the user has not agreed to plain text
   */
  async sendPlain(message: Message): Promise<SendHandle> {
    if (message.to === undefined) throw new TypeError('a message is for somebody')
    const { isRequired, isOptedOut } = await this.of(message.to)
    if (isRequired) throw new OmemoError('encryption-required')
    if (isOptedOut) throw new OmemoError('opted-out')
    return this.#core.context.send(message)
  }

  /** @internal In a chat that is encrypted, what is not could be from anybody on the way (OMEMO S2), however it came. */
  async notice(message: InboundMessage, { from, to, room }: MessageOrigin): Promise<void> {
    if (isEncrypted(message) || !isSpoken(message)) return
    const { context, events } = this.#core
    // What somebody in a room whom nobody knows says is said in the room.
    const other = room ?? (from?.equals(context.account) ? to : (from ?? message.from))?.bare.toString()
    if (other === undefined || !(await this.#isRequired(other))) return
    events.emit({ type: 'plaintext-received', jid: other, id: message.id })
  }

  /** The same as `of`, as it was when it was asked for last. */
  async #isRequired(jid: string): Promise<boolean> {
    const known = this.#required.get(jid)
    if (known !== undefined) return known
    const { isRequired } = await this.of(jid)
    if (this.#required.size >= mostRemembered) this.#required.clear()
    this.#required.set(jid, isRequired)
    return isRequired
  }
}

const isSpoken = ({ body, element }: Message): boolean =>
  body !== undefined || [...element.elements()].some(({ ns }) => spokenNamespaces.includes(ns))

const bare = (jid: Jid | string): string => (typeof jid === 'string' ? Jid.parse(jid) : jid).bare.toString()
