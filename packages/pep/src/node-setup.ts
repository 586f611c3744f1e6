import type { NodeConfig, NodeOwner, PubsubNode } from '@couplet/pubsub'
import { PubsubCondition } from '@couplet/pubsub'
import type { StanzaError } from '@couplet/stanza'
import type { PepOptions } from './elements.js'
import { PepError } from './pep-error.js'

/** The configuration that a node has to have. */
export function configOf({ access = 'presence', maxItems, sendLast }: PepOptions): NodeConfig {
  const groups = typeof access === 'object' ? access.groups : undefined
  const accessModel = typeof access === 'object' ? 'roster' : access === 'private' ? 'whitelist' : access
  return { persistItems: true, maxItems, accessModel, rosterGroupsAllowed: groups, sendLastPublishedItem: sendLast }
}

/**
 * The same with less and less items, for servers that have another idea of "as many as possible" (XEP-0060 §16.4.4), and
 * last without what they may not know.
 *
 * @param knowsMax whether the server says that it knows the word
 */
export function concessions(config: NodeConfig, knowsMax: boolean): readonly NodeConfig[] {
  const { maxItems, sendLastPublishedItem, ...rest } = config
  if (maxItems === 'max') {
    const numbers = [...(knowsMax ? (['max'] as const) : []), 1000, 100, 10]
    return [...numbers.map((number) => ({ ...config, maxItems: number })), rest]
  }
  return maxItems === undefined && sendLastPublishedItem === undefined ? [config] : [config, rest]
}

/** Whether the node exists and is set up in another way. */
export function isPreconditionNotMet(error: unknown): boolean {
  return isStanzaError(error) && error.element.get(PubsubCondition) === 'precondition-not-met'
}

const refusals: readonly string[] = [
  'bad-request',
  'conflict',
  'feature-not-implemented',
  'internal-server-error',
  'not-acceptable',
  'not-allowed',
  'resource-constraint',
  'undefined-condition',
]
const aboutOptions: readonly (PubsubCondition | undefined)[] = [
  undefined,
  'invalid-options',
  'max-items-exceeded',
  'precondition-not-met',
  'unsupported',
]

/** Whether the server may have refused because of how the node should be set up, and not because of the item. */
export function isRefusedSetup(error: unknown): boolean {
  return (
    isStanzaError(error) &&
    refusals.includes(error.condition) &&
    aboutOptions.includes(error.element.get(PubsubCondition))
  )
}

/** Also for an error of another copy of the package. */
export const isStanzaError = (error: unknown): error is StanzaError =>
  error instanceof Error && error.name === 'StanzaError'

const has = (error: unknown, condition: StanzaError['condition']): boolean =>
  isStanzaError(error) && error.condition === condition

/**
 * Sets a node up, and creates it if there is none; then looks whether it is as it should be.
 *
 * @throws PepError if it is not
 */
export async function setUpNode(
  { owner }: PubsubNode<unknown>,
  config: NodeConfig,
  knowsMax: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  let refused: unknown
  for (const concession of concessions(config, knowsMax)) {
    try {
      await configureOrCreate(owner, concession, config.maxItems === 'max', signal)
      refused = undefined
      break
    } catch (error) {
      if (!isRefusedSetup(error)) throw error
      refused = error
    }
  }
  if (refused !== undefined) throw refused
  checkSetup(config, await owner.config({ signal }))
}

/** The error for a node that other people can read than those who should. */
export function notAsWanted({ accessModel }: NodeConfig, cause?: unknown): PepError {
  return new PepError(accessModel === 'open' ? 'access-not-granted' : 'privacy-not-guaranteed', cause)
}

/** @param asManyAsPossible whether a number is a concession: a node that can hold more must not lose what is in it */
async function configureOrCreate(
  owner: NodeOwner,
  config: NodeConfig,
  asManyAsPossible: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const configure = async (): Promise<void> => {
    const { maxItems, ...rest } = config
    const isConcession = asManyAsPossible && typeof maxItems === 'number'
    const holds = isConcession ? (await owner.config({ signal })).maxItems : 0
    const isMore = !isConcession || (typeof holds === 'number' && holds < maxItems)
    await owner.configure(isMore ? config : rest, { offeredOnly: true, signal })
  }
  try {
    await configure()
  } catch (absent) {
    if (!has(absent, 'item-not-found')) throw absent
    await owner.create(config, { signal }).catch((error: unknown) => {
      // Another client of ours was faster.
      if (has(error, 'conflict')) return configure()
      throw error
    })
  }
}

function checkSetup(wanted: NodeConfig, actual: NodeConfig): void {
  const groups = new Set(wanted.rosterGroupsAllowed)
  const more = (actual.rosterGroupsAllowed ?? []).some((group) => !groups.has(group))
  if (actual.accessModel !== wanted.accessModel || (wanted.accessModel === 'roster' && more)) {
    throw notAsWanted(wanted)
  }
  const several = wanted.maxItems === 'max' ? 2 : (wanted.maxItems ?? 0)
  if (typeof actual.maxItems === 'number' && actual.maxItems < several) throw new PepError('too-few-items')
}
