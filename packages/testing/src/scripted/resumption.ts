import { Ack, Enabled, NS_SM, Resume, Resumed, SmFeature } from '@couplet/client/elements'
import { type Infer, NS_CLIENT, readElement, serialize } from '@couplet/stanza'
import { behave, type OnlineOptions } from './prelude.js'
import type { ScriptedPeer } from './scripted-peer.js'

/** Stream management as a script plays it (XEP-0198). */
export interface ManagementScript {
  /** The SM-ID; default `sm-1`. */
  readonly id?: string
  /** Whether the session can be resumed; default true. */
  readonly resume?: boolean
  /** Seconds the session is kept; default 300. */
  readonly max?: number
  /** Where the client is told to come back to, as `host:port`. */
  readonly location?: string
  /** Whether an `<r/>` of the client gets an honest `<a/>`; default true. */
  readonly autoAck?: boolean
}

/** Options of `peer.resumed()`. */
export interface ResumedOptions extends Omit<OnlineOptions, 'resource' | 'management'> {
  /** The SM-ID the server speaks of; default the one the client asks for. */
  readonly previd?: string
  /** How many stanzas of the client the server says it has handled. */
  readonly h: number
  /** Whether an `<r/>` of the client gets an honest `<a/>`, counted on from `h`; default true. */
  readonly autoAck?: boolean
}

/** What a server offers that manages streams. */
export const managementFeature = (): string => String(SmFeature())

/** The answer to `<enable/>`. */
export function enabledBy({ id = 'sm-1', resume = true, max = 300, location }: ManagementScript): string {
  return serialize(Enabled(resume ? { id, resume, max, location } : {}), NS_CLIENT)
}

/** From now on `<r/>` is answered with what had come when it came. */
export function acknowledge(peer: ScriptedPeer): void {
  peer.answerElement(NS_SM, 'r', (element) => String(Ack({ h: peer.handledBefore(element) })))
}

/** Waits for `<enable/>` and switches stream management on. */
export async function acceptManagement(peer: ScriptedPeer, script: ManagementScript): Promise<void> {
  const element = await peer.expectElement(NS_SM, 'enable')
  peer.countFrom(element)
  await peer.send(enabledBy(script))
  if (script.autoAck ?? true) acknowledge(peer)
}

/** Setup T5, the second connection: login, and the old session goes on. */
export async function acceptResumption(peer: ScriptedPeer, options: ResumedOptions): Promise<Infer<typeof Resume>> {
  await peer.secured()
  await peer.login()
  behave(peer, options)
  await peer.streamHeader()
  await peer.offer(`<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>${managementFeature()}${options.features ?? ''}`)
  const element = await peer.expectElement(NS_SM, 'resume')
  const read = readElement(Resume, element)
  if (!read.ok) throw read.error
  peer.countFrom(element, options.h)
  await peer.send(String(Resumed({ previd: options.previd ?? read.value.previd, h: options.h })))
  if (options.autoAck ?? true) acknowledge(peer)
  return read.value
}
