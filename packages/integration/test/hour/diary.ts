import { correctedId, isCorrectionOf } from '@couplet/correction'
import { Displayed } from '@couplet/markers'
import type { BareJid, Message } from '@couplet/stanza'

/** What an application keeps of its conversations: everything that reaches it, by whichever way, in the order in which it does. */
export class Diary {
  /** Messages with a text. */
  readonly messages: Message[] = []
  /** The id of the last message that somebody has displayed, by account. */
  readonly displayed = new Map<string, string>()
  readonly #account: BareJid

  constructor(account: BareJid) {
    this.#account = account
  }

  /** Something has come, was copied, was missed, or was sent by this device itself. */
  take(message: Message): void {
    const marker = message.get(Displayed)
    if (marker !== undefined && message.type === 'chat') this.displayed.set(this.#author(message), marker.id)
    if (message.body !== undefined) this.messages.push(message)
  }

  /** Whether a message with this text is there. */
  has(body: string): boolean {
    return this.messages.some((message) => message.body === body)
  }

  /** What is there more than once. */
  get repeated(): readonly string[] {
    const lines = this.messages.map((message) => this.#line(message))
    return lines.filter((line, i) => lines.indexOf(line) !== i)
  }

  /** A conversation. */
  conversation(address: BareJid): readonly string[] {
    return this.#of(address).map((message) => this.#line(message))
  }

  /** What is shown of a conversation: corrected messages as they are now, and no corrections. */
  shown(address: BareJid): readonly string[] {
    const messages = this.#of(address)
    const corrects = (one: Message, original: Message): boolean =>
      isCorrectionOf(one, original, { account: this.#account })
    const originals = messages.filter((each) => !messages.some((other) => other !== each && corrects(each, other)))
    return originals.map((each) => {
      const last = messages.filter((other) => corrects(other, each)).at(-1)
      return `${each.id} ${(last ?? each).body}`
    })
  }

  /** The last message of somebody in this conversation that is no correction. */
  lastOf(author: BareJid, address: BareJid): Message | undefined {
    const isTheirs = (message: Message): boolean => this.#author(message) === author.toString()
    return this.#of(address)
      .filter((message) => isTheirs(message) && correctedId(message) === undefined)
      .at(-1)
  }

  /** As the texts are numbered: what comes live while something is missed comes before it. */
  #of(address: BareJid): readonly Message[] {
    const isHere = ({ type, from, to }: Message): boolean =>
      from?.bare.equals(address) || (type !== 'groupchat' && to?.bare.equals(address) === true && this.#isOwn(from))
    const number = ({ body = '' }: Message): number => Number.parseInt(body, 10)
    return this.messages.filter(isHere).sort((one, other) => number(one) - number(other))
  }

  #isOwn(from: Message['from']): boolean {
    return from === undefined || from.bare.equals(this.#account)
  }

  #author({ type, from }: Message): string {
    return type === 'groupchat' ? (from?.resource ?? '') : (from?.bare ?? this.#account).toString()
  }

  /** With the text first, which begins with its number. */
  #line(message: Message): string {
    return `${message.body} | ${this.#author(message)} | ${message.id}`
  }
}
