import type { CallOptions, PluginContext } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import type { Pep, PepAccess } from '@couplet/pep'
import type { StanzaError, XmlElement } from '@couplet/stanza'
import { queryVcard, storeVcard, type Vcard, type VcardPhoto } from '@couplet/vcard'
import { type AvatarImage, hashOf } from './avatar-image.js'
import { AvatarDataNode, AvatarMetadataNode, NS_PEP_VCARD_CONVERSION } from './elements.js'
import { ifThere } from './if-there.js'
import { VcardPresence } from './vcard-presence.js'

/** What the server does for the own account. */
interface OwnServer {
  /** Whether it has personal eventing (XEP-0163 §6.1). */
  readonly hasPep: boolean
  /** Whether it keeps the vCard and the presence as personal eventing is (XEP-0398 §2). */
  readonly converts: boolean
}

/** Publishes the own avatar, in every form that those can see who may. */
export class AvatarPublisher {
  readonly #context: PluginContext & { readonly pep: Pep; readonly disco: Disco }
  readonly #presence: VcardPresence
  #server: OwnServer | undefined

  constructor(context: PluginContext & { readonly pep: Pep; readonly disco: Disco }) {
    this.#context = context
    context.onSession(() => {
      this.#server = undefined
    }, 'stream')
    this.#presence = new VcardPresence(context, async () => (await this.#ownServer(undefined)).converts)
  }

  /** Publishes an image: the data first, so that it is there for those who hear of it (XEP-0084 §3.1). */
  async publish(image: AvatarImage, access: PepAccess, { signal }: CallOptions): Promise<void> {
    const { pep } = this.#context
    const { bytes, hash, type, width, height } = image
    const { hasPep, converts } = await this.#ownServer(signal)
    const isOpen = access === 'open'
    if (hasPep || !isOpen) {
      const infos = [{ bytes: bytes.length, height, id: hash, type, width }]
      await pep.publish(AvatarDataNode, bytes, { id: hash, access, signal })
      await pep.publish(AvatarMetadataNode, { infos, pointers: [] }, { id: hash, access, signal })
    }
    if (converts) return
    // Everybody can read a vCard. An older image that is there must not outlive this one.
    if (isOpen) await this.#changeVcard({ type, data: bytes }, hash, signal)
    else if (this.#presence.hasImage) await this.#changeVcard(undefined, '', signal)
  }

  /** Removes what there is, and says so. */
  async remove({ signal }: CallOptions): Promise<void> {
    const { pep } = this.#context
    const { converts } = await this.#ownServer(signal)
    const [metadata, data] = [pep.node(AvatarMetadataNode), pep.node(AvatarDataNode)]
    const before = (await ifThere(metadata.newest({ signal })))?.value.infos ?? []
    if (before.length > 0) {
      // XEP-0084 §3.5. Who may read it stays as it is.
      await metadata.publish({ infos: [], pointers: [] }, { id: 'current', signal })
      for (const { id, url } of before) {
        if (url === undefined && hashOf(id) !== undefined) await ifThere(data.retract(id, { signal }))
      }
    }
    if (!converts) await this.#changeVcard(undefined, '', signal)
  }

  async #changeVcard(photo: VcardPhoto | undefined, announced: string, signal: AbortSignal | undefined): Promise<void> {
    const before = await this.#ownVcard(signal)
    const others = before.others?.filter((other) => !isPhoto(other))
    const isThere = before.photo !== undefined || others?.length !== before.others?.length
    if (photo !== undefined || isThere) {
      await this.#context.request(storeVcard, { ...before, others, photo }, { signal })
    }
    await this.#presence.announce(announced)
  }

  /** A server that does not say for certain that there is none must not have it overwritten. */
  async #ownVcard(signal: AbortSignal | undefined): Promise<Vcard> {
    try {
      return await this.#context.request(queryVcard, {}, { signal })
    } catch (error) {
      const { name, condition } = error as Partial<StanzaError>
      if (name === 'StanzaError' && condition === 'item-not-found') return {}
      throw error
    }
  }

  async #ownServer(signal: AbortSignal | undefined): Promise<OwnServer> {
    const { account, disco } = this.#context
    const info = this.#server === undefined ? await ifThere(disco.info(account, { signal })) : undefined
    this.#server ??= {
      hasPep: info?.identities.some(({ category, type }) => category === 'pubsub' && type === 'pep') === true,
      converts: info?.features.includes(NS_PEP_VCARD_CONVERSION) === true,
    }
    return this.#server
  }
}

/** Also those that cannot be read, or are one too many. */
const isPhoto = ({ name, ns }: XmlElement): boolean => name === 'PHOTO' && ns === queryVcard.request.ns
