import { Deferred } from './deferred.js'

/** The nickname that was asked for (XEP-0045 §7.6). A later wish takes the place of an earlier one. */
export class Rename {
  #wish: { readonly nick: string; readonly done: Deferred<string> } | undefined

  /** Waits for the room; resolves with the nickname that it gives. */
  begin(nick: string): Promise<string> {
    this.fail(new DOMException('another nickname was asked for', 'AbortError'))
    const done = new Deferred<string>()
    this.#wish = { nick, done }
    return done.promise
  }

  /** Whether a refusal, which may name the nickname, is the answer. */
  isFor(nick: string | undefined): boolean {
    return this.#wish !== undefined && (nick === undefined || nick === this.#wish.nick)
  }

  /** We have another nickname. */
  succeed(nick: string): void {
    this.#wish?.done.resolve(nick)
    this.#wish = undefined
  }

  /** It comes to nothing. */
  fail(reason: unknown): void {
    this.#wish?.done.reject(reason)
    this.#wish = undefined
  }
}
