import { SessionCore } from './session-core.js'
import { SessionLink } from './session-link.js'
import type { SessionCoreOptions } from './stream-offer.js'

/** @internal A session that is complete from the beginning, for whoever attaches connections by other means than a client. */
export class WholeSession extends SessionCore {
  constructor(options: SessionCoreOptions) {
    super(options)
    this.equip(SessionLink)
  }
}
