import type { PluginContext } from '@couplet/client'
import type { Pep } from '@couplet/pep'
import type { Jid } from '@couplet/stanza'
import { queryVcard } from '@couplet/vcard'
import type { AnnouncedAvatars } from './announced-avatars.js'
import type { AvatarCache } from './avatar-cache.js'
import { AvatarError } from './avatar-error.js'
import { type AvatarImage, checkImage, chooseInfo, hashOf } from './avatar-image.js'
import { AvatarDataNode, type AvatarMetadata, AvatarMetadataNode } from './elements.js'
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
    const metadata = this.#announced.published(owner) ?? (await this.#metadata(owner))
    if (metadata === undefined) return this.#fromVcard(owner)
    const chosen = chooseInfo(metadata.infos)
    if (chosen !== undefined) return this.#fromNode(owner, hashOf(chosen.id) as string, chosen.id)
    // XEP-0084 §3.5: nothing is published on purpose; or something that is not here.
    return metadata.infos.length === 0 ? undefined : this.#fromVcard(owner)
  }

  #metadata(account: Jid): Promise<AvatarMetadata | undefined> {
    return ifThere(this.#context.pep.get(AvatarMetadataNode, { from: account }))
  }

  async #fromNode(account: Jid, hash: string, id: string): Promise<AvatarImage | undefined> {
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
