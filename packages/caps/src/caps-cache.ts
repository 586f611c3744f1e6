import type { StateChange, StateStore } from '@couplet/client'
import type { DiscoInfo } from '@couplet/disco'
import { DataForm } from '@couplet/forms'
import { readElement } from '@couplet/stanza'
import { checkCaps } from './check-caps.js'
import type { Capabilities } from './elements.js'

/** The version of the records' shape. */
const version = 1
const index = 'index'

/** How much is kept: so many answers, each of so many characters as JSON. */
const limits = { entries: 500, characters: 16_384 } as const

/** What is hashed, and with what: the same for everybody. */
type Announced = Pick<Capabilities, 'hash' | 'ver'>

/** Keeps verified answers, those that were used last, in memory and in the store. */
export class CapsCache {
  readonly #store: () => StateStore
  readonly #reportError: (error: unknown) => void
  /** By key, the one that was used last at the end. */
  readonly #known = new Map<string, DiscoInfo | undefined>()
  #loading: Promise<void> | undefined
  #writing: Promise<void> = Promise.resolve()

  /** @param store asked each time, because an anonymous login learns its account late */
  constructor(store: () => StateStore, reportError: (error: unknown) => void) {
    this.#store = store
    this.#reportError = reportError
  }

  /** The answer that is known for this hash. */
  async get(announced: Announced): Promise<DiscoInfo | undefined> {
    await this.#load()
    const key = keyOf(announced)
    if (!this.#known.has(key)) return undefined
    const info = this.#known.get(key) ?? (await this.#read(key, announced))
    this.#known.delete(key)
    if (info !== undefined) this.#known.set(key, info)
    return info
  }

  /** Keeps a verified answer, unless it is too long. */
  async add(announced: Announced, info: DiscoInfo): Promise<void> {
    await this.#load()
    const key = keyOf(announced)
    const value = storedValue(info)
    if (this.#known.has(key) || JSON.stringify(value).length > limits.characters) return
    this.#known.set(key, info)
    const changes: StateChange[] = [{ key, record: { version, value } }]
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= limits.entries) break
      this.#known.delete(oldest)
      changes.push({ key: oldest, record: undefined })
    }
    changes.push({ key: index, record: { version, value: [...this.#known.keys()] } })
    // In order, also after one that has failed.
    this.#writing = this.#writing.then(() => this.#store().batch(changes)).catch(this.#reportError)
    await this.#writing
  }

  /** Which answers the store has; a store that fails has none. */
  #load(): Promise<void> {
    this.#loading ??= this.#readIndex().catch(this.#reportError)
    return this.#loading
  }

  async #readIndex(): Promise<void> {
    const record = await this.#store().get(index)
    if (record?.version !== version || !Array.isArray(record.value)) return
    const keys = record.value.filter((key) => typeof key === 'string' && key.includes(' ')).slice(-limits.entries)
    for (const key of keys) this.#known.set(key, undefined)
  }

  async #read(key: string, announced: Announced): Promise<DiscoInfo | undefined> {
    try {
      const record = await this.#store().get(key)
      const info = record?.version === version ? storedInfo(record.value) : undefined
      // Whatever has happened to the store: what is read has this hash.
      return info && checkCaps(info, announced) === 'verified' ? info : undefined
    } catch (error) {
      this.#reportError(error)
      return undefined
    }
  }
}

/** With a space, which no name of a hash function has, so that it is none of the other keys. */
const keyOf = ({ hash, ver }: Announced): string => `${hash} ${ver}`

function storedValue({ identities, features, forms }: DiscoInfo): object {
  const read = forms.map((form) => readElement(DataForm, form))
  return { identities, features, forms: read.flatMap((form) => (form.ok ? [form.value] : [])) }
}

/** Throws, or makes something without the hash, for what is not from {@link storedValue}. */
function storedInfo(value: unknown): DiscoInfo | undefined {
  const { identities, features, forms } = (value ?? {}) as { readonly [K in keyof DiscoInfo]?: unknown }
  if (!Array.isArray(identities) || !Array.isArray(features) || !Array.isArray(forms)) return undefined
  const texts = [...features, ...identities.flatMap((identity) => Object.values(identity as object))]
  if (!texts.every((text) => typeof text === 'string')) return undefined
  return { identities, features, forms: forms.map((form) => DataForm(form)) }
}
