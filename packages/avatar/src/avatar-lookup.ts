import type { PluginContext } from '@couplet/client'
import type { Pep } from '@couplet/pep'
import type { Jid } from '@couplet/stanza'
import { queryVcard } from '@couplet/vcard'
import type { AnnouncedAvatars } from './announced-avatars.js'
import type { AvatarCache } from './avatar-cache.js'
import { AvatarError } from './avatar-error.js'
import { type AvatarImage, checkImage, chooseInfo, hashOf, type Offer, offerOf } from './avatar-image.js'
import { AvatarDataNode, AvatarMetadataNode } from './elements.js'
import { ifThere } from './if-there.js'

/** Finds the avatar of somebody: in the cache, on personal eventing, or in their vCard. */
export class AvatarLookup {
  readonly #context: PluginContext & { readonly pep: Pep }
  readonly #announced: AnnouncedAvatars
  readonly #cache: AvatarCache
  /** What is being found, by owner and what it has announced: many may ask at once. */
  readonly #running = new Map<string, Promise<AvatarImage | undefined>>()

  constructor(context: PluginContext & { readonly pep: Pep }, announced: AnnouncedAvatars, cache: AvatarCache) {
    this.#context = context
    this.#announced = announced
    this.#cache = cache
  }

  /** The avatar, of an account, a room, or an occupant of a room. */
  find(jid: Jid): Promise<AvatarImage | undefined> {
    const owner = this.#announced.ownerOf(jid)
    const key = `${this.#announced.hash(owner) ?? ''} ${owner}`
    const running = this.#running.get(key) ?? this.#find(owner).finally(() => this.#running.delete(key))
    this.#running.set(key, running)
    return running
  }

  async #find(owner: Jid): Promise<AvatarImage | undefined> {
    const hash = this.#announced.hash(owner)
    const cached = hash === undefined ? undefined : await this.#cache.get(hash)
    if (cached !== undefined) return cached
    // XEP-0398 §6.1: occupants have a vCard only.
    if (owner.resource !== undefined) return this.#fromVcard(owner)
    const offer = this.#announced.published(owner) ?? (await this.#ask(owner))
    if (offer?.isNone) return undefined
    const chosen = offer && chooseInfo(offer)
    return chosen === undefined ? this.#fromVcard(owner) : this.#fromNode(owner, chosen.id)
  }

  async #ask(account: Jid): Promise<Offer | undefined> {
    const metadata = await ifThere(this.#context.pep.get(AvatarMetadataNode, { from: account }))
    return metadata && offerOf(metadata)
  }

  async #fromNode(account: Jid, id: string): Promise<AvatarImage | undefined> {
    const hash = hashOf(id) ?? ''
    const cached = await this.#cache.get(hash)
    if (cached !== undefined) return cached
    const bytes = await ifThere(this.#context.pep.get(AvatarDataNode, { from: account, id }))
    return bytes && this.#take(bytes, [hash])
  }

  async #fromVcard(owner: Jid): Promise<AvatarImage | undefined> {
    const before = this.#announced.present(owner)
    if (before.length > 0 && before.every((hash) => hash === 'none')) return undefined
    const card = await ifThere(this.#context.request(queryVcard, {}, { to: owner }))
    const bytes = card?.photo?.data
    if (bytes === undefined || bytes.length === 0) return undefined
    // They may have changed it meanwhile: what they have announced since may be what has come.
    const hashes = [...before, ...this.#announced.present(owner)].filter((hash) => hash !== 'none')
    return this.#take(bytes, hashes)
  }

  /** Checks what has come, and keeps it under what it really is. */
  async #take(bytes: Uint8Array, announced: readonly string[]): Promise<AvatarImage> {
    const image = checkImage(bytes)
    if (announced.length > 0 && !announced.includes(image.hash)) throw new AvatarError('hash-mismatch')
    await this.#cache.add(image)
    return image
  }
}
