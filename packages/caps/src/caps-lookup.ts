import type { PluginContext } from '@couplet/client'
import type { Disco, DiscoInfo } from '@couplet/disco'
import type { Jid } from '@couplet/stanza'
import type { Announced } from './announced-caps.js'
import { CapsCache } from './caps-cache.js'
import { checkCaps } from './check-caps.js'
import { isKnownHash } from './verification-string.js'

/** Milliseconds somebody else's answer is waited for, before the entity is asked itself: another one may be silent. */
const patience = 5_000

/** Finds out what entities can do that have announced it, and asks no more than it must (XEP-0115 §5.4). */
export class CapsLookup {
  readonly #context: PluginContext & { readonly disco: Disco }
  readonly #cache: CapsCache
  /** Questions under way by hash: what everybody may be told, if anything. */
  readonly #asked = new Map<string, Promise<DiscoInfo | undefined>>()

  constructor(context: PluginContext & { readonly disco: Disco }) {
    this.#context = context
    this.#cache = new CapsCache(
      () => context.store,
      (error) => context.reportError(error),
    )
  }

  /** What an entity can do that has announced something. */
  find(jid: Jid, announced: Announced): Promise<DiscoInfo> {
    if (announced.info !== undefined) return announced.info
    const info = this.#find(jid, announced)
    announced.info = info
    info.catch(() => {
      if (announced.info === info) announced.info = undefined // it may be asked again
    })
    return info
  }

  async #find(jid: Jid, { caps }: Announced): Promise<DiscoInfo> {
    const { disco } = this.#context
    const { hash, node, ver } = caps
    // Before version 1.4 `ver` was a version: there is no such node for who does not know that any more (§13).
    if (hash === undefined) return disco.info(jid)
    const ask = (): Promise<DiscoInfo> => disco.info(jid, { node: `${node}#${ver}` })
    if (!isKnownHash(hash)) return ask()
    const key = `${hash} ${ver}`
    const known = await this.#cache.get(caps)
    if (known !== undefined) return known
    // No waiting without need from here to `#share`: everybody else would ask meanwhile.
    const asked = this.#asked.get(key)
    const heard = asked && (await soon(asked))
    if (heard !== undefined) return heard
    const answer = ask()
    const verified = answer.then((info) => (checkCaps(info, caps) === 'verified' ? info : undefined))
    this.#share(
      key,
      verified.catch(() => undefined),
    )
    const info = await verified
    if (info !== undefined) await this.#cache.add(caps, info)
    return answer
  }

  #share(key: string, verified: Promise<DiscoInfo | undefined>): void {
    this.#asked.set(key, verified)
    void verified.then(() => {
      if (this.#asked.get(key) === verified) this.#asked.delete(key)
    })
  }
}

/** What somebody who was asked already answers, if it is soon. */
async function soon<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience)
  })
  const heard = await Promise.race([answer, late])
  clearTimeout(timer)
  return heard
}
