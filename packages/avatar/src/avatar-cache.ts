import type { StateChange, StateStore } from '@couplet/client'
import { base64 } from '@couplet/stanza'
import { type AvatarImage, checkImage, hashOf } from './avatar-image.js'

/** The version of the records' shape. */
const version = 1
const index = 'index'

/** How much is kept: so many images, and so many bytes of all of them together (in the store a third more, as base64). */
const limits = { images: 500, bytes: 8_388_608 } as const

/** Keeps images by their hash in the store, those that were used last. */
export class AvatarCache {
  readonly #store: () => StateStore
  readonly #reportError: (error: unknown) => void
  /** How many bytes each has, the one that was used last at the end. */
  readonly #sizes = new Map<string, number>()
  #total = 0
  #loading: Promise<void> | undefined
  #writing: Promise<void> = Promise.resolve()

  /** @param store asked each time, because an anonymous login learns its account late */
  constructor(store: () => StateStore, reportError: (error: unknown) => void) {
    this.#store = store
    this.#reportError = reportError
  }

  /** The image with this hash, if it is there. */
  async get(hash: string): Promise<AvatarImage | undefined> {
    await this.#load()
    const size = this.#sizes.get(hash)
    if (size === undefined) return undefined
    const image = await this.#read(hash)
    this.#forget(hash)
    if (image !== undefined) this.#remember(hash, image.bytes.length)
    return image
  }

  /** Keeps a checked image, and forgets what has no room beside it. A store that fails costs the cache, not the image. */
  async add({ hash, bytes }: AvatarImage): Promise<void> {
    await this.#load()
    if (this.#sizes.has(hash)) return
    this.#remember(hash, bytes.length)
    const changes: StateChange[] = [{ key: hash, record: { version, value: base64.encode(bytes) } }]
    for (const oldest of [...this.#sizes.keys()]) {
      if (this.#sizes.size <= limits.images && this.#total <= limits.bytes) break
      this.#forget(oldest)
      changes.push({ key: oldest, record: undefined })
    }
    changes.push({ key: index, record: { version, value: [...this.#sizes] } })
    // In order, also after one that has failed.
    this.#writing = this.#writing.then(() => this.#store().batch(changes)).catch(this.#reportError)
    await this.#writing
  }

  #remember(hash: string, size: number): void {
    this.#forget(hash)
    this.#sizes.set(hash, size)
    this.#total += size
  }

  #forget(hash: string): void {
    this.#total -= this.#sizes.get(hash) ?? 0
    this.#sizes.delete(hash)
  }

  /** Which images the store has; a store that fails has none. */
  #load(): Promise<void> {
    this.#loading ??= this.#readIndex().catch(this.#reportError)
    return this.#loading
  }

  async #readIndex(): Promise<void> {
    const record = await this.#store().get(index)
    if (record?.version !== version || !Array.isArray(record.value)) return
    for (const entry of record.value.slice(-limits.images) as unknown[]) {
      const [hash, size] = Array.isArray(entry) ? (entry as unknown[]) : []
      if (typeof hash === 'string' && hashOf(hash) === hash && Number.isSafeInteger(size)) {
        this.#remember(hash, Math.max(0, size as number))
      }
    }
  }

  async #read(hash: string): Promise<AvatarImage | undefined> {
    try {
      const record = await this.#store().get(hash)
      const bytes = record?.version === version ? base64.decode(String(record.value)) : undefined
      if (bytes === undefined) return undefined
      // Whatever has happened to the store: what is read is this image.
      const image = checkImage(bytes)
      return image.hash === hash ? image : undefined
    } catch (error) {
      this.#reportError(error)
      return undefined
    }
  }
}
