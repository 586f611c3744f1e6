import type { Presence } from '@couplet/stanza'
import type { Emitter } from './events.js'
import type { Announcer } from './plugin.js'
import { Subscription } from './subscription.js'

/** What a session begins with: what the client would announce, or what a plugin makes of it. */
export class Announcement {
  readonly #events: Emitter
  #announcer: Announcer | undefined

  constructor(events: Emitter) {
    this.#events = events
  }

  /** Has somebody decide. @throws TypeError if another one does so already */
  decide(announcer: Announcer): Subscription {
    if (this.#announcer !== undefined) throw new TypeError('two plugins decide what is announced')
    this.#announcer = announcer
    return new Subscription(() => {
      this.#announcer = undefined
    })
  }

  /** What is announced instead of these presences; the same if who decides throws. */
  of(presences: readonly Presence[]): readonly Presence[] {
    let announced = presences
    this.#events.run(() => {
      announced = this.#announcer?.(presences) ?? presences
    })
    return announced
  }
}
