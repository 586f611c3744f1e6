import { NS_STREAM, NS_STREAM_ERRORS, StreamError, type XmlNode, xml } from '@couplet/stanza'
import { beforeEach } from 'vitest'
import { ConnectionError, type ConnectionErrorCode, type ConnectionPhase } from '../src/connection-error.js'
import type { Situation } from '../src/verdict.js'
import { Verdicts } from '../src/verdicts.js'

/** What a server says before it closes the stream. */
export const said = (condition: string, ...children: XmlNode[]): StreamError =>
  StreamError.fromElement(xml(NS_STREAM, 'error', {}, xml(NS_STREAM_ERRORS, condition), ...children))

export const connection = (phase: ConnectionPhase, code: ConnectionErrorCode): ConnectionError =>
  new ConnectionError(phase, code, 'x')

export const usual: Situation = { resumable: true, fixedResource: true, secure: true }
export const backoff = { kind: 'retry', delay: 'backoff' }
export const soon = { kind: 'retry', delay: { min: 0, max: 1000 } }
export const spread = { kind: 'retry', delay: { min: 0, max: 60_000 }, from: 90_000 }
export const stop = (reason: string) => ({ kind: 'stop', reason })

/** The clock of the verdicts; begins anew with each test after {@link judging}. */
export const clock = { now: 0 }
export let verdicts: Verdicts

/** Has every test of the file begin with verdicts that remember nothing. */
export function judging(): void {
  beforeEach(() => {
    clock.now = 1_000_000
    verdicts = new Verdicts(() => clock.now)
  })
}

/** The verdict on an attempt that failed. */
export const attempt = (error: Error, situation: Partial<Situation> = {}) =>
  verdicts.judge(error, { ...usual, ...situation })

/** The verdict on the end of a connection that lasted. */
export function after(ms: number, error: Error, situation: Partial<Situation> = {}) {
  verdicts.online()
  clock.now += ms
  return attempt(error, situation)
}
