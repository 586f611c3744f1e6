import type { CallOptions, Plugin, PluginContext } from '@couplet/client'
import { type Disco, type DiscoInfo, NS_DISCO_INFO } from '@couplet/disco'
import { Jid, type StanzaError } from '@couplet/stanza'
import { AnnouncedCaps } from './announced-caps.js'
import { CapsLookup } from './caps-lookup.js'
import { Capabilities, defaultNode, NS_CAPS } from './elements.js'
import { unlessAborted } from './unless-aborted.js'
import { verificationString } from './verification-string.js'

/** Options of {@link caps}. */
export interface CapsOptions {
  /** The software: a URL at which people find out about it (XEP-0115 §4). Default: the page of this package. */
  readonly node?: string
}

/** What `client.caps` offers. */
export interface Caps {
  /**
   * What an entity is and can do. An answer that somebody has given who announces the same, and that was verified, is
   * not asked for again; nor is one of the entity itself, for as long as it announces the same.
   *
   * @throws StanzaError if it does not tell
   */
  of(jid: Jid | string, options?: CallOptions): Promise<DiscoInfo>
  /**
   * Whether an entity has a feature. One that does not exist or does not speak service discovery has none.
   *
   * @throws StanzaError if the question could not be answered
   */
  supports(jid: Jid | string, feature: string, options?: CallOptions): Promise<boolean>
  /** What an entity announces, if it does: the full JID of a client, or the own server. */
  announced(jid: Jid | string): Capabilities | undefined
  /** What this client announces. */
  readonly own: Capabilities
}

/**
 * The plugin: announces with every presence what this client can do, and finds out about others with as few questions as
 * possible (XEP-0115).
 */
export function caps({ node = defaultNode }: CapsOptions = {}): Plugin<'caps', Caps, { disco: Disco }> {
  return {
    name: 'caps',
    features: [NS_CAPS],
    needs: { disco: true },
    setup(context) {
      const { disco } = context
      const own = announce(context, node)
      const announced = listen(context)
      const lookup = new CapsLookup(context)
      const of: Caps['of'] = (jid, { signal } = {}) => {
        const target = parse(jid)
        const known = announced(target)
        return known === undefined ? disco.info(target, { signal }) : unlessAborted(lookup.find(target, known), signal)
      }
      return {
        of: async (...args) => of(...args), // also what throws at once rejects
        supports: (jid, feature, options) => supports(async () => of(jid, options), feature),
        announced: (jid) => announced(parse(jid))?.caps,
        get own() {
          return own()
        },
      }
    },
  }
}

const parse = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)

/** Says in every presence what we can do, and answers the question that follows (§6). */
function announce(context: PluginContext & { readonly disco: Disco }, node: string): () => Capabilities {
  const { disco } = context
  const own = (): Capabilities => ({ hash: 'sha-1', node, ver: verificationString(disco.self) })
  disco.describeNodes((asked) => (asked === nodeOf(own()) ? disco.self : undefined))
  const decoration = context.decoratePresence(() => [Capabilities(own())])
  // §6.1: who has been told something else must hear it. Once, however much has changed at a time.
  let isDue = false
  context.onFeatures(() => {
    if (isDue) return
    isDue = true
    queueMicrotask(() => {
      isDue = false
      if (!context.signal.aborted) decoration.repeat()
    })
  })
  return own
}

const nodeOf = ({ node, ver }: Capabilities): string => `${node}#${ver}`

/** Remembers what others announce in this session. */
function listen(context: PluginContext): (jid: Jid) => ReturnType<AnnouncedCaps['get']> {
  const all = new AnnouncedCaps()
  context.onPresence((presence) => all.take(presence))
  let server: ReturnType<AnnouncedCaps['get']>
  context.onSession(() => {
    all.clear()
    server = undefined
  })
  return (jid) => {
    if (jid.toString() !== context.account.domain) return all.get(jid)
    // §6.3: the server announces what it can do in its stream features.
    const offered = context.serverFeatures?.get(Capabilities)
    server ??= offered && { caps: offered }
    return server
  }
}

const nothing: ReadonlySet<string> = new Set(['feature-not-implemented', 'item-not-found', 'service-unavailable'])

async function supports(ask: () => Promise<DiscoInfo>, feature: string): Promise<boolean> {
  try {
    const { features } = await ask()
    // XEP-0030 §3.1: who answers speaks this protocol, also without saying so.
    return feature === NS_DISCO_INFO || features.includes(feature)
  } catch (error) {
    const isNothing = error instanceof Error && error.name === 'StanzaError'
    if (isNothing && nothing.has((error as StanzaError).condition)) return false
    throw error
  }
}
