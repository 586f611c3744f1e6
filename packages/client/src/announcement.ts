import { type Presence, PresenceElement, readElement, type XmlElement } from '@couplet/stanza'
import type { Emitter } from './events.js'
import type { Announcer, PresenceDecoration, PresenceDecorator } from './plugin.js'
import { Subscription } from './subscription.js'

/** What a session begins with: what the client would announce, or what a plugin makes of it; and what plugins add. */
export class Announcement {
  readonly #events: Emitter
  readonly #send: (presence: Presence) => boolean
  #announcer: Announcer | undefined
  readonly #decorators = new Set<PresenceDecorator>()
  /** What everybody was told last in this session, before anything was added; `undefined` for nothing. */
  #told: XmlElement | undefined

  /** What is added has changed while there was no connection. */
  #isDue = false

  /** @param send sends a presence again, unless there is no connection */
  constructor(events: Emitter, send: (presence: Presence) => boolean) {
    this.#events = events
    this.#send = send
  }

  /** Has somebody decide. @throws TypeError if another one does so already */
  decide(announcer: Announcer): Subscription {
    if (this.#announcer !== undefined) throw new TypeError('two plugins decide what is announced')
    this.#announcer = announcer
    return new Subscription(() => {
      this.#announcer = undefined
    })
  }

  /** What is announced instead of these presences, in a new session; the same if who decides throws. */
  of(presences: readonly Presence[]): readonly Presence[] {
    this.#told = undefined
    this.#isDue = false
    let announced = presences
    this.#events.run(() => {
      announced = this.#announcer?.(presences) ?? presences
    })
    return announced
  }

  /** Has somebody add to presences until the subscription that is kept ends. */
  decorate(decorator: PresenceDecorator, keep: (subscription: Subscription) => unknown): PresenceDecoration {
    const own: PresenceDecorator = () => decorator() // the same function may be given twice
    this.#decorators.add(own)
    keep(new Subscription(() => this.#decorators.delete(own)))
    return { repeat: () => this.#repeat() }
  }

  /** The session goes on. */
  resumed(): void {
    if (this.#isDue) this.#repeat()
  }

  #repeat(): void {
    const told = this.#told && readElement(PresenceElement, this.#told.with({ id: undefined }))
    if (told?.ok) this.#isDue = !this.#send(told.value)
  }

  /** A stanza that is about to be sent, with what is added if it says that we are available. */
  decorated(stanza: XmlElement): XmlElement {
    if (stanza.name !== 'presence') return stanza
    const [type, to] = [stanza.attr('type'), stanza.attr('to')]
    if (to === undefined && type === 'unavailable') this.#told = undefined
    if (type !== undefined) return stanza
    if (to === undefined) this.#told = stanza
    const added: XmlElement[] = []
    for (const decorator of this.#decorators) this.#events.run(() => void added.push(...decorator()))
    // Not twice, if the application has put it there.
    return stanza.with({}, ...added.filter(({ name, ns }) => stanza.child(name, ns) === undefined))
  }
}
