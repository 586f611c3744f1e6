import type { Handled, PluginContext, PluginEvent, Subscription } from '@couplet/client'
import type { Pep } from '@couplet/pep'
import type { NodeChange } from '@couplet/pubsub'
import type { Jid } from '@couplet/stanza'
import { type AnnouncedAvatars, keep } from './announced-avatars.js'
import { hashOf, offerOf } from './avatar-image.js'
import { type AvatarMetadata, AvatarMetadataNode } from './elements.js'

/** How many owners are remembered with what was told about them last. */
const limit = 10_000

/** Who has announced what. */
interface Announcement {
  readonly jid: Jid
  /** `undefined` for no avatar, or for one that is not named. */
  readonly hash: string | undefined
}

/** Takes what others announce of themselves, and tells what is new. */
export class AvatarWatch {
  readonly #context: PluginContext & { readonly pep: Pep }
  readonly #announced: AnnouncedAvatars
  readonly #changed: PluginEvent<[Announcement]>
  /** What was told last, by owner; also over several sessions. */
  readonly #told = new Map<string, string>()
  #handlers = 0
  #listening: Subscription | undefined

  constructor(context: PluginContext & { readonly pep: Pep }, announced: AnnouncedAvatars) {
    this.#context = context
    this.#announced = announced
    this.#changed = context.event()
    context.onSession(() => announced.clear(), 'stream')
    context.onPresence((presence) => {
      const owner = announced.takePresence(presence)
      if (owner !== undefined) this.#tell(owner)
    })
  }

  /** Calls the handler with what is new. Servers are asked to tell about nodes only while somebody listens. */
  onChange(handler: (announcement: Announcement) => Handled): Subscription {
    const { pep } = this.#context
    if (this.#handlers++ === 0)
      this.#listening = pep.onChange(AvatarMetadataNode, (_value, change) => this.#take(change))
    const handling = this.#changed.on(handler)
    return this.#context.subscription(() => {
      handling.dispose()
      if (--this.#handlers > 0) return
      this.#listening?.dispose()
      this.#announced.clearPublished() // nobody tells any more when it changes
    })
  }

  #take(change: NodeChange<AvatarMetadata>): void {
    const account = change.from.bare
    if (change.type === 'published') {
      this.#announced.takePublished(account, change.value && offerOf(change.value))
      // XEP-0060 §4.3: there is another one, and that is all. Its id is the hash (XEP-0084 §3.2).
      if (change.value === undefined) this.#emit(account, change.id && hashOf(change.id))
      else this.#tell(account)
    } else if (change.type === 'retracted' || change.type === 'purged' || change.type === 'deleted') {
      this.#announced.takePublished(account, { isNone: true, infos: [] })
      this.#tell(account)
    }
  }

  #tell(jid: Jid): void {
    const hash = this.#announced.hash(jid)
    if (hash === undefined || this.#told.get(jid.toString()) === hash) return
    this.#emit(jid, hash)
  }

  #emit(jid: Jid, hash: string | undefined): void {
    keep(this.#told, jid.toString(), hash ?? '', limit)
    this.#changed.emit({ jid, hash: hash === 'none' ? undefined : hash })
  }
}
