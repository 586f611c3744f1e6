import { intern, type MalformedElementError, type ReadResult, readElement, type XmlElement } from '@couplet/stanza'
import { Authentication, NS_SM, SaslChannelBinding } from './elements.js'

/** What a server offers for SASL2 and to be done inline with it (XEP-0388 §2.1). Lists are sorted. */
export interface ServerOffer {
  /** The mechanisms, without those for tokens. */
  readonly mechanisms: readonly string[]
  /** Channel-binding types; `undefined` where none were announced (XEP-0440). */
  readonly bindings: readonly string[] | undefined
  /** What can be switched on while binding; `undefined` without Bind 2 (XEP-0386 §3.1). */
  readonly bind: readonly string[] | undefined
  /** Whether a session can be resumed inline (XEP-0198 §9.2). */
  readonly resume: boolean
  /** The mechanisms for tokens (XEP-0484 §3.1). */
  readonly fast: readonly string[]
}

/**
 * Reads the offer out of stream features; `undefined` if SASL2 is not offered.
 *
 * @throws MalformedElementError
 */
export function readOffer(features: XmlElement): ServerOffer | undefined {
  const authentication = required(features.read(Authentication))
  if (authentication === undefined) return undefined
  const { mechanisms, inline } = authentication
  const bindFeatures = inline?.bind && (inline.bind.inline?.features ?? [])
  return {
    mechanisms: sorted(mechanisms),
    bindings: offeredBindings(features),
    bind: bindFeatures && sorted(bindFeatures.map((feature) => feature.var)),
    resume: inline?.sm ?? false,
    fast: sorted(inline?.fast?.mechanisms ?? []),
  }
}

/** The channel-binding types in stream features, sorted (XEP-0440). @throws MalformedElementError */
export function offeredBindings(features: XmlElement): readonly string[] | undefined {
  const types = required(features.read(SaslChannelBinding))?.types
  return types && sorted(types.map(({ type }) => type))
}

/** The value of an element of the stream, which must not be malformed. @throws MalformedElementError */
export function required<T>(result: ReadResult<T> | undefined): T | undefined {
  if (result?.ok === false) throw result.error satisfies MalformedElementError
  return result?.value
}

/** Reads an element of the stream by its definition. @throws MalformedElementError */
export function readRequired<T>(def: Parameters<typeof readElement<T>>[0], element: XmlElement): T {
  return required(readElement(def, element)) as T
}

/** Whether both lists of what SCRAM can prove are the same (XEP-0474 §6.1). */
export function sameLists(one: ServerOffer, other: ServerOffer): boolean {
  const key = ({ mechanisms, bindings }: ServerOffer): string => JSON.stringify([mechanisms, bindings])
  return key(one) === key(other)
}

/** Whether stream management can be switched on while binding. */
export const offersManagement = ({ bind }: ServerOffer): boolean => bind?.includes(NS_SM) ?? false

/** An offer that was stored; `undefined` if it is not one. */
export function storedOffer(value: unknown): ServerOffer | undefined {
  const { mechanisms, bindings, bind, resume, fast } = (value ?? {}) as Partial<Record<keyof ServerOffer, unknown>>
  if (!isList(mechanisms) || !isList(fast) || typeof resume !== 'boolean') return undefined
  if ((bindings !== undefined && !isList(bindings)) || (bind !== undefined && !isList(bind))) return undefined
  return { mechanisms, bindings, bind, resume, fast }
}

const isList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/** Clients remember what servers offer, which is the same for all of them. */
const sorted = (list: readonly string[]): readonly string[] => [...new Set(list.map(intern))].sort()
