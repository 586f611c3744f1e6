import type { Handled, InboundMessage, Plugin, Session, Subscription } from '@couplet/client'
import type { Message } from '@couplet/stanza'
import { NS_CORRECTION, Replace } from './elements.js'
import { type CorrectionContext, correctedId, isCorrectionOf } from './is-correction-of.js'

/** What {@link onCorrection} needs to know. */
export interface CorrectionOptions extends Omit<CorrectionContext, 'account'> {
  /** Finds the first message by its id, among those of the same conversation: where, is up to the application. */
  readonly find: (id: string, correction: InboundMessage) => Message | undefined | Promise<Message | undefined>
}

/**
 * Calls the handler with every correction that counts, and with what it corrects. One that does not count is a message
 * like any other, and the handlers of all messages get it, as they get those that count. Carbons, archived messages and
 * what was encrypted do not come this way: ask {@link isCorrectionOf} about them.
 */
export function onCorrection(
  session: Pick<Session, 'account' | 'onMessage'>,
  { find, ...context }: CorrectionOptions,
  handler: (correction: InboundMessage, original: Message) => Handled,
): Subscription {
  const consider = async (message: InboundMessage): Promise<void> => {
    const id = correctedId(message)
    const original = id === undefined ? undefined : await find(id, message)
    if (original === undefined) return
    if (isCorrectionOf(message, original, { ...context, account: session.account })) await handler(message, original)
  }
  return session.onMessage(Replace, (_replace, message) => consider(message), { from: 'anyone' })
}

/**
 * The plugin says to others that this client understands corrections, as XEP-0308 §2 asks; it does nothing else. What can
 * be done is in functions.
 */
export function correction(): Plugin<'correction', object> {
  return { name: 'correction', features: [NS_CORRECTION], needs: {}, setup: () => ({}) }
}
