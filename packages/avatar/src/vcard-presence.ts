import type { PluginContext, PresenceDecoration } from '@couplet/client'
import type { Presence } from '@couplet/stanza'
import { hashOf } from './avatar-image.js'
import { VcardUpdate } from './elements.js'

const version = 1
const key = 'own'

/**
 * The hash in the own presence, for servers that do not put it there themselves (XEP-0398 §4). It is one that this client has
 * put into the vCard, so that the vCard need not be fetched at each login; of one that knows of none nothing is said.
 */
export class VcardPresence {
  readonly #context: PluginContext
  readonly #decoration: PresenceDecoration
  /** A hash, empty for no image; `unsure` while another client says something else; `undefined` if it is not our business. */
  #photo: string | 'unsure' | undefined

  /** @param converts whether the server does all of this */
  constructor(context: PluginContext, converts: () => Promise<boolean>) {
    this.#context = context
    this.#decoration = context.decoratePresence(() => {
      if (this.#photo === undefined) return []
      return [VcardUpdate(this.#photo === 'unsure' ? {} : { photo: this.#photo })]
    })
    context.onSession(() => this.#restore(converts))
    context.onPresence((presence) => this.#compare(presence))
  }

  /** Whether this client has put an image into the vCard. */
  get hasImage(): boolean {
    return this.#photo !== undefined && this.#photo !== 'unsure' && this.#photo !== ''
  }

  /** Announces what was put into the vCard, an empty text for no image, now and in later sessions. */
  async announce(photo: string): Promise<void> {
    this.#photo = photo
    this.#decoration.repeat()
    await this.#context.store.batch([{ key, record: { version, value: photo } }])
  }

  /** What an earlier session has announced. */
  async #restore(converts: () => Promise<boolean>): Promise<void> {
    const record = await this.#context.store.get(key)
    const photo = record?.version === version ? String(record.value) : undefined
    if (photo === undefined || (photo !== '' && hashOf(photo) === undefined)) return
    try {
      if (await converts()) await this.#forget(undefined)
      else this.#photo = photo
    } catch (error) {
      // A lost connection is the client's to report.
      if ((error as Partial<Error>).name !== 'ConnectionError') throw error
    }
  }

  /**
   * XEP-0153 §4.3: if another client of the account announces something else, nobody knows which it is without fetching the
   * vCard. That is not done unasked, so nothing is announced (§4.4, the first step).
   */
  async #compare(presence: Presence): Promise<void> {
    const { account, jid } = this.#context
    const { from, type } = presence
    if (this.#photo === undefined || type !== undefined || !from?.bare.equals(account) || from.equals(jid)) return
    const photo = presence.get(VcardUpdate)?.photo?.trim().toLowerCase()
    if (photo === undefined || photo === this.#photo || this.#photo === 'unsure') return
    await this.#forget('unsure')
    this.#decoration.repeat()
  }

  async #forget(photo: 'unsure' | undefined): Promise<void> {
    this.#photo = photo
    await this.#context.store.batch([{ key, record: undefined }])
  }
}
