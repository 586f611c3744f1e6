import type { CallOptions, PluginContext } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import type { Pep, PepAccess } from '@couplet/pep'
import type { StanzaError, XmlElement } from '@couplet/stanza'
import { queryVcard, storeVcard, type Vcard, type VcardPhoto } from '@couplet/vcard'
import { type AvatarImage, type Offer, offerOf } from './avatar-image.js'
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
    if (isOpen) await this.#changeVcard({ type, data: bytes }, hash, !hasPep, signal)
    else if (this.#presence.hasImage) await this.#changeVcard(undefined, '', true, signal)
  }

  /** Removes what there is, and says so. */
  async remove({ signal }: CallOptions): Promise<void> {
    const { pep } = this.#context
    const { converts } = await this.#ownServer(signal)
    const { isNone, infos } = await this.#published(signal)
    if (!isNone) {
      // XEP-0084 §3.5. Who may read it stays as it is.
      await pep.node(AvatarMetadataNode).publish({ infos: [], pointers: [] }, { id: 'current', signal })
      for (const { id } of infos) await ifThere(pep.node(AvatarDataNode).retract(id, { signal }))
    }
    if (!converts) await this.#changeVcard(undefined, '', false, signal)
  }

  async #published(signal: AbortSignal | undefined): Promise<Offer> {
    try {
      const metadata = await ifThere(this.#context.pep.get(AvatarMetadataNode, { signal }))
      return metadata === undefined ? { isNone: true, infos: [] } : offerOf(metadata)
    } catch (error) {
      // It may be an avatar for somebody else.
      if ((error as Partial<Error>).name === 'MalformedElementError') return { isNone: false, infos: [] }
      throw error
    }
  }

  /** @param isRequired whether a server without vCards is an error */
  async #changeVcard(
    photo: VcardPhoto | undefined,
    announced: string,
    isRequired: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const before = await this.#ownVcard(isRequired, signal)
    if (before === undefined) return
    const others = before.others?.filter((other) => !isPhoto(other))
    const isThere = before.photo !== undefined || others?.length !== before.others?.length
    if (photo !== undefined || isThere) {
      await this.#context.request(storeVcard, { ...before, others, photo }, { signal })
    }
    await this.#presence.announce(announced)
  }

  /** A server that does not say for certain that there is none must not have it overwritten. */
  async #ownVcard(isRequired: boolean, signal: AbortSignal | undefined): Promise<Vcard | undefined> {
    try {
      return await this.#context.request(queryVcard, {}, { signal })
    } catch (error) {
      const { name, condition = '' } = error as Partial<StanzaError>
      if (name === 'StanzaError' && condition === 'item-not-found') return {}
      if (name === 'StanzaError' && unknown.has(condition) && !isRequired) return undefined
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

/** RFC 6120 §8.4: what a server says that has no vCards. */
const unknown: ReadonlySet<string> = new Set(['feature-not-implemented', 'service-unavailable'])

/** Also those that cannot be read, or are one too many. */
const isPhoto = ({ name, ns }: XmlElement): boolean => name === 'PHOTO' && ns === queryVcard.request.ns
