import type { ChannelBinding, SaslMechanism } from './mechanism.js'
import { refuse, type SaslError } from './sasl-error.js'

/** What one mechanism adds to the common course of an attempt; its secrets stay in closures. */
export interface Steps {
  /** The initial response. */
  first(): Promise<Uint8Array>
  /** The answer to the first challenge, if the mechanism knows one. */
  answer?(data: Uint8Array): Promise<Uint8Array>
  /** Checks the server's last message, absent or not, and throws unless it proves what it must. */
  verify?(data: Uint8Array | undefined): void
  /** Overwrites what is secret. */
  wipe?(): void
  /** See `SaslMechanism.serverError`. */
  reported?(): SaslError | undefined
}

/** Order of calls, single use, proof before success, wiping: the same for every mechanism. */
export function exchange(name: string, binding: ChannelBinding | undefined, steps: Steps): SaslMechanism {
  let { answer, verify } = steps
  const { step, abort } = course(name, () => steps.wipe?.())
  const last = (data: Uint8Array | undefined): void => {
    const check = verify
    verify = undefined
    if (check) check(data)
    else if (data) refuse(name, 'malformed', 'unexpected data')
  }
  return {
    name,
    channelBinding: binding?.type,
    get serverError() {
      return steps.reported?.()
    },
    initial: () => step('new', 'open', steps.first),
    challenge: (data) =>
      step('open', 'open', () => {
        const respond = answer
        answer = undefined
        if (respond) return respond(data)
        // A profile without additional data delivers the server's last message as a challenge (RFC 4422 §3.6).
        if (!verify) refuse(name, 'malformed', 'unexpected challenge')
        last(data)
        return new Uint8Array()
      }),
    success: (data) => step('open', 'done', () => last(data?.length ? data : undefined)),
    abort,
  }
}

type Phase = 'new' | 'open' | 'busy' | 'done' | 'failed' | 'aborted'
type Step = <T>(from: Phase, to: Phase, run: () => T | Promise<T>) => Promise<T>

function course(name: string, wipe: () => void): { readonly step: Step; abort(): void } {
  let phase: Phase = 'new'
  const enter = (expected: Phase): void => {
    if (phase === 'aborted') refuse(name, 'aborted', 'aborted')
    if (phase !== expected) refuse(name, 'malformed', 'message out of order')
    phase = 'busy'
  }
  return {
    async step(from, to, run) {
      try {
        enter(from)
        const result = await run()
        // Anything that came meanwhile has ended the attempt: overlapping calls must not race past a check.
        enter('busy')
        phase = to
        if (to === 'done') wipe()
        return result
      } catch (error) {
        if (phase !== 'aborted') phase = 'failed'
        wipe()
        throw error
      }
    },
    abort() {
      phase = 'aborted'
      wipe()
    },
  }
}
