import type { ElementDef } from './element-def.js'

/** A request and its response, paired: what `session.request` sends and what its promise resolves with. */
export interface IqProcedure<Q, R> {
  /** The type of the request. */
  readonly type: 'get' | 'set'
  /** The payload of the request. */
  readonly request: ElementDef<Q>
  /** The payload of the result; `undefined` if a result says no more than "done". */
  readonly response: ElementDef<R> | undefined
  /** Whether a result without a payload is one, too, with the value `undefined`. */
  readonly mayBeEmpty?: boolean
}

/** What {@link iqGet} and {@link iqSet} need to know about a result that need not have its payload. */
export interface EmptyResult {
  /** A result without a payload is one, too, with the value `undefined`. */
  readonly mayBeEmpty: true
}

/**
 * An IQ that asks: `iqGet(DiscoInfoQuery, DiscoInfo)`. Without a response definition the result is empty.
 */
export function iqGet<Q>(request: ElementDef<Q>): IqProcedure<Q, void>
export function iqGet<Q, R>(request: ElementDef<Q>, response: ElementDef<R>): IqProcedure<Q, R>
export function iqGet<Q, R>(
  request: ElementDef<Q>,
  response: ElementDef<R>,
  options: EmptyResult,
): IqProcedure<Q, R | undefined>
/* @__NO_SIDE_EFFECTS__ */ export function iqGet<Q, R>(
  request: ElementDef<Q>,
  response?: ElementDef<R>,
  options?: EmptyResult,
): IqProcedure<Q, R> {
  return { type: 'get', request, response, ...options }
}

/**
 * An IQ that changes something: `iqSet(MamQuery, MamFin)`. Without a response definition the result is empty.
 */
export function iqSet<Q>(request: ElementDef<Q>): IqProcedure<Q, void>
export function iqSet<Q, R>(request: ElementDef<Q>, response: ElementDef<R>): IqProcedure<Q, R>
export function iqSet<Q, R>(
  request: ElementDef<Q>,
  response: ElementDef<R>,
  options: EmptyResult,
): IqProcedure<Q, R | undefined>
/* @__NO_SIDE_EFFECTS__ */ export function iqSet<Q, R>(
  request: ElementDef<Q>,
  response?: ElementDef<R>,
  options?: EmptyResult,
): IqProcedure<Q, R> {
  return { type: 'set', request, response, ...options }
}
