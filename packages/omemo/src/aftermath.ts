import { Jid } from '@couplet/stanza'
import { isListed } from './devices/device-directory.js'
import type { OmemoContext, OmemoCore } from './omemo-core.js'
import type { SenderDevice } from './sessions/outcome.js'
import type { MessageOrigin, Received } from './sessions/receive-task.js'
import type { TrustOutcome } from './trust/trust-event.js'
import { keyBytes } from './trust/trust-record.js'

/** What says that a session is not the same on both sides: who has restored a backup uses keys twice (OMEMO F4). */
const broken: readonly string[] = ['bad-mac', 'no-prekey', 'no-session', 'replayed']

/** What a message leads to apart from its content: empty messages, other sessions, events. */
export class Aftermath {
  readonly #core: OmemoCore

  constructor(core: OmemoCore) {
    this.#core = core
  }

  /** Does what follows from a message. */
  async after({ outcome, owed, preKeysLeft, trust, optOut }: Received, { room }: MessageOrigin): Promise<void> {
    const { presence, empties, events, context, options } = this.#core
    const { device } = outcome
    if (trust !== undefined) this.trustSettled(trust)
    if (preKeysLeft !== undefined) presence.noticeUsedPreKey(preKeysLeft)
    if (device === undefined) return
    try {
      if (owed !== undefined) await empties.owe(device, room !== undefined && options.policy?.completion !== 'never')
      if (optOut !== undefined) events.emit({ type: 'opt-out', ...optOut })
      if (outcome.status === 'failed') await this.#broken(outcome.reason, device)
      else if (outcome.status === 'decrypted') await this.#checkListed(device, room !== undefined)
    } catch (error) {
      // The message is there; what follows from it can wait for the next one.
      reportUnlessOffline(context, error)
    }
  }

  /** What was decided about keys is stored: whoever has to know is told. */
  trustSettled({ changes, outgoing }: TrustOutcome): void {
    const { events, trustMessages } = this.#core
    for (const { jid, key, to: level, by, sharedWith } of changes) {
      events.emit({ type: 'trust-changed', jid, identityKey: keyBytes(key), level, by })
      for (const other of sharedWith ?? []) events.emit({ type: 'identity-shared', jid, with: other })
    }
    if (outgoing.length > 0) trustMessages.emit(outgoing)
  }

  /** Whether an account may learn that we are here (OMEMO S19). */
  async mayKnow(jid: string): Promise<boolean> {
    const { options, context, inbox, trust } = this.#core
    const completion = options.policy?.completion ?? 'contacts'
    if (completion !== 'contacts') return completion === 'always'
    if (jid === context.account.toString() || options.isContact?.(jid)) return true
    // Whose key the user has trusted is no stranger.
    if ((await trust.records(jid)).some(({ level }) => level === 'trusted' || level === 'authenticated')) return true
    return (await inbox.chat(Jid.parse(jid).bare.toString())).isWritten
  }

  async #broken(reason: string, device: SenderDevice): Promise<void> {
    if (!broken.includes(reason)) return
    const { events, options, empties } = this.#core
    events.emit({ type: 'session-broken', ...device })
    const mayHeal = (options.policy?.heal ?? 'once') === 'once'
    // XEP-0384 §6: without any session one is begun; a broken one of omemo:2 is for the user to replace (§8).
    const isAllowed = device.version === 'legacy' || reason === 'no-session'
    if (mayHeal && isAllowed) await empties.heal(device)
  }

  /**
   * XEP-0384 §6: a device that is not on the list we know may be on the one there is. It is asked for once in a session, and
   * not where asking would tell a stranger that we are here (OMEMO S19).
   */
  async #checkListed({ jid, deviceId }: SenderDevice, isKnown: boolean): Promise<void> {
    const { directory, isCatchingUp } = this.#core
    if (isCatchingUp) return
    if (isListed(await directory.of(jid), deviceId)) return
    if (!isKnown && !(await this.mayKnow(jid))) return
    await directory.lookFor(jid, deviceId)
  }
}

/** Who lost the connection knows; another session begins with all of it. */
export function reportUnlessOffline({ reportError }: Pick<OmemoContext, 'reportError'>, error: unknown): void {
  if ((error as { readonly name?: string }).name !== 'ConnectionError') reportError(error)
}
