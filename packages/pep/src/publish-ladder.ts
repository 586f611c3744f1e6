import type { CallOptions, PluginContext } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { type NodeConfig, NS_PUBLISH_OPTIONS, NS_PUBSUB_CONFIG_NODE_MAX, type PubsubNode } from '@couplet/pubsub'
import {
  concessions,
  isPreconditionNotMet,
  isRefusedSetup,
  isStanzaError,
  notAsWanted,
  setUpNode,
} from './node-setup.js'
import { PepError } from './pep-error.js'

/** What is published, where and how. */
export interface Publication<T> extends CallOptions {
  readonly node: PubsubNode<T>
  readonly value: T
  readonly id: string | undefined
  /** How the node has to be set up. */
  readonly config: NodeConfig
  /** Looks whether the item is there also if the server has agreed at once. */
  readonly readBack: boolean
}

/**
 * The one way to publish in the own account. First with the node's setup as a precondition; where that is refused, or
 * means nothing to the server, the node is set up before, and what was published is looked for.
 */
export class PublishLadder {
  readonly #context: PluginContext & { readonly disco: Disco }
  /** What the server says it can do, in this session. */
  #features: readonly string[] | undefined

  constructor(context: PluginContext & { readonly disco: Disco }) {
    this.#context = context
    context.onSession(() => {
      this.#features = undefined
    })
  }

  /**
   * Publishes, and returns the id of the item if it is known.
   *
   * @throws PepError `privacy-not-guaranteed` before anything was sent that others could read (S-148)
   */
  async publish<T>(publication: Publication<T>): Promise<string | undefined> {
    const { node, value, id, config, readBack, signal } = publication
    const features = await this.#serverFeatures(signal)
    const isAtomic = features.includes(NS_PUBLISH_OPTIONS)
    const knowsMax = features.includes(NS_PUBSUB_CONFIG_NODE_MAX)
    if (isAtomic) {
      // With fewer items than wanted it would be another node, which is said before anything is published.
      const wanted = concessions(config, knowsMax).filter(({ maxItems }) => maxItems ?? !config.maxItems)
      for (const concession of wanted) {
        const published = await tryToPublish(publication, concession)
        if (published === 'other-setup') break
        if (published === 'refused') continue
        return readBack ? this.#readBack(publication, published.id) : published.id
      }
    }
    await this.#setUp(publication, knowsMax)
    // Nobody may have changed it since. Not every server can tell that two lists of groups are the same.
    const only = isAtomic ? { accessModel: config.accessModel } : undefined
    const published = await node.publish(value, { id, options: only, signal }).catch((error: unknown) => {
      throw isPreconditionNotMet(error) ? notAsWanted(config, error) : error
    })
    return this.#readBack(publication, published)
  }

  async #setUp<T>({ node, config, signal }: Publication<T>, knowsMax: boolean): Promise<void> {
    try {
      await setUpNode(node as unknown as PubsubNode<unknown>, config, knowsMax, signal)
    } catch (error) {
      if (!isStanzaError(error) || error.retry === 'backoff') throw error
      throw notAsWanted(config, error)
    }
  }

  async #readBack<T>({ node, signal }: Publication<T>, id: string | undefined): Promise<string> {
    const item = await (id === undefined ? node.newest({ signal }) : node.item(id, { signal }))
    if (item === undefined) throw new PepError('not-stored')
    return item.id
  }

  /** XEP-0223 §6: what a server does not say it honours must not be relied on. */
  async #serverFeatures(signal: AbortSignal | undefined): Promise<readonly string[]> {
    if (this.#features !== undefined) return this.#features
    const { account, disco } = this.#context
    const ask = (entity: Parameters<Disco['info']>[0]): Promise<readonly string[]> =>
      disco.info(entity, { signal }).then(
        (info) => info.features,
        (error: unknown) => {
          if (isStanzaError(error)) return []
          throw error
        },
      )
    // Some say it of the account (XEP-0163 §6.1), some of the server (§6.2).
    const [own, server] = await Promise.all([ask(account), ask(account.domain)])
    this.#features = [...own, ...server]
    return this.#features
  }
}

type Outcome = { readonly id: string | undefined } | 'other-setup' | 'refused'

/** Milliseconds until a node is asked for again that the server should have made by itself; twice as long each time. */
const firstPause = 40
const attempts = 6

async function tryToPublish<T>({ node, value, id, signal }: Publication<T>, options: NodeConfig): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { id: await node.publish(value, { id, options, signal }) }
    } catch (error) {
      if (isPreconditionNotMet(error)) return 'other-setup'
      if (isRefusedSetup(error)) return 'refused'
      if (!isStanzaError(error) || error.condition !== 'item-not-found') throw error
      // XEP-0163 §3: publishing makes the node. While others make nodes too, a server may fail to, and says this.
      if (attempt === attempts) return 'other-setup'
    }
    await pause(firstPause * 2 ** (attempt - 1) * (0.5 + Math.random()), signal)
  }
}

/** @throws what the signal was aborted with */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, milliseconds)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}
