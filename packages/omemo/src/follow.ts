import type { Handled, InboundMessage, Subscription } from '@couplet/client'
import type { Jid } from '@couplet/stanza'
import type { Omemo } from './omemo-api.js'
import type { OmemoCore } from './omemo-core.js'
import { archivedSender, type MucSource } from './rooms.js'

/** As much of other plugins as is needed here; a client that has them fits. */
export interface Followed {
  /** Copies of what other clients of ours send and receive (XEP-0280). */
  readonly carbons?: { onMessage(handler: (message: InboundMessage) => Handled): Subscription } | undefined
  /** What was missed (XEP-0313). */
  readonly mam?:
    | {
        onMissed(handler: (message: InboundMessage, missed: { readonly archive: Jid }) => Handled): Subscription
        onCaughtUp(handler: (result: { readonly archive: string }) => Handled): Subscription
        /** Waits for what is under way. */
        catchUp(): Promise<unknown>
      }
    | undefined
  /** Rooms (XEP-0045). */
  readonly muc?: MucSource | undefined
}

/** Takes messages from other plugins: each of them comes one way only, and what comes twice is a duplicate (OMEMO F1). */
export function follow(omemo: Omemo, core: OmemoCore, { carbons, mam, muc }: Followed): Subscription {
  const { context, rooms } = core
  const take = async (message: InboundMessage): Promise<void> => {
    await omemo.receive(message)
  }
  const subscriptions: Subscription[] = []
  if (carbons !== undefined) subscriptions.push(carbons.onMessage(take))
  if (mam !== undefined) {
    const account = context.account.toString()
    subscriptions.push(
      mam.onMissed(async (message, { archive }) => {
        if (archive.bare.equals(context.account)) await take(message)
        // Of what was said to all in a room only its own archive can say who it was.
        else await omemo.receive(message, { room: { jid: archive, from: archivedSender(message) } })
      }),
      mam.onCaughtUp(({ archive }) => (archive === account ? omemo.catchUp.end() : undefined)),
      context.onSession((isResumed) => (isResumed ? undefined : omemo.catchUp.begin()), 'stream'),
      // An archive that is not caught up with, or cannot be read, says nothing by itself. By now it has begun.
      context.onSession(() => {
        const end = (): Promise<void> | undefined => (core.isCatchingUp ? omemo.catchUp.end() : undefined)
        if (core.isCatchingUp) mam.catchUp().then(end, unlessLost(end)).catch(context.reportError)
      }, 'rooms'),
    )
  }
  const leaveRooms = muc && rooms.use(muc)
  return context.subscription(() => {
    leaveRooms?.()
    for (const subscription of subscriptions) subscription.dispose()
  })
}

/** A connection that is lost ends nothing: what was missed comes when it is there again. */
const unlessLost =
  (end: () => Promise<void> | undefined) =>
  (error: unknown): Promise<void> | undefined =>
    (error as { readonly name?: string }).name === 'ConnectionError' ? undefined : end()
