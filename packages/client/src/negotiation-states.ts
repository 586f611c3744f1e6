import { NS_CLIENT, NS_STREAM } from '@couplet/stanza'
import { NS_SASL, NS_SASL2, NS_SM, NS_TLS } from './elements.js'

/** Milliseconds that each phase of the negotiation may take. */
export const phaseLimits = { tls: 15_000, stream: 15_000, sasl: 30_000, bind: 15_000 } as const

const stanzas = [`message ${NS_CLIENT}`, `presence ${NS_CLIENT}`, `iq ${NS_CLIENT}`] as const

/**
 * The negotiation as a table: what the server may send in each state, besides a stream error and the end of the stream.
 * Anything else ends the stream with `policy-violation`.
 */
export const legal = {
  features: { phase: 'stream', elements: [`features ${NS_STREAM}`] },
  starttls: { phase: 'tls', elements: [`proceed ${NS_TLS}`, `failure ${NS_TLS}`] },
  sasl: { phase: 'sasl', elements: [`challenge ${NS_SASL}`, `success ${NS_SASL}`, `failure ${NS_SASL}`] },
  sasl2: {
    phase: 'sasl',
    elements: [`challenge ${NS_SASL2}`, `success ${NS_SASL2}`, `failure ${NS_SASL2}`, `continue ${NS_SASL2}`],
  },
  /** After our `<abort/>`: what was under way may still come. */
  aborting: { phase: 'sasl', elements: [`challenge ${NS_SASL2}`, `failure ${NS_SASL2}`] },
  resume: { phase: 'bind', elements: [`resumed ${NS_SM}`, `failed ${NS_SM}`] },
  /** Resource binding; `<failed/>` from a server that takes `<enable/>`, sent along, before it has bound. */
  bind: { phase: 'bind', elements: [`iq ${NS_CLIENT}`, `failed ${NS_SM}`] },
  /** Bound: the session has begun, and its first stanzas may come before stream management is on. */
  enable: { phase: 'bind', elements: [`enabled ${NS_SM}`, `failed ${NS_SM}`, ...stanzas] },
} as const satisfies Readonly<
  Record<string, { readonly phase: keyof typeof phaseLimits; readonly elements: readonly string[] }>
>

/** A state of the negotiation. */
export type NegotiationState = keyof typeof legal
