import type { Handled, InboundMessage, Session, Subscription } from '@couplet/client'
import type { BareJid, Jid, Message } from '@couplet/stanza'
import { trustedStanzaId } from '@couplet/stanza-id'
import { Displayed } from './elements.js'

/** What {@link onDisplayed} needs to know. */
export interface DisplayedOptions {
  /**
   * Finds a message by what the marker calls it, in the conversation with its sender: an own message by its id, or one of
   * a room by its stanza id. Where, is up to the application.
   */
  readonly find: (id: string, marker: InboundMessage) => Message | undefined | Promise<Message | undefined>
}

/**
 * Calls the handler with every marker that counts: everything up to that message has been displayed to who has sent it.
 * Markers of a room come from all its occupants, for messages of everybody. One for an earlier message than the last one
 * says nothing new (XEP-0333 §5).
 */
export function onDisplayed(
  session: Pick<Session, 'account' | 'onMessage'>,
  { find }: DisplayedOptions,
  handler: (displayed: Message, by: Jid, marker: InboundMessage) => Handled,
): Subscription {
  const consider = async (marker: InboundMessage): Promise<void> => {
    const id = displayedId(marker)
    const displayed = id === undefined ? undefined : await find(id, marker)
    if (displayed === undefined || !isDisplayedMarkerFor(marker, displayed, session.account)) return
    if (marker.from !== undefined) await handler(displayed, marker.from, marker)
  }
  return session.onMessage(Displayed, (_displayed, marker) => consider(marker), { from: 'anyone' })
}

/** What a marker calls the message it is for; `undefined` if there is no marker, or more than one. */
export function displayedId(marker: Message): string | undefined {
  const [only, ...more] = [...marker.element.elements()].filter(Displayed.matches)
  return more.length > 0 ? undefined : only?.attr('id') || undefined
}

/**
 * Whether a marker is one for this message: from whom it was sent to, or in a room from an occupant, by the id that the
 * room has assigned (XEP-0333 §4.3).
 *
 * @param account the own account
 */
export function isDisplayedMarkerFor(marker: Message, original: Message, account: BareJid): boolean {
  const id = displayedId(marker)
  const { from } = marker
  if (id === undefined || from === undefined || marker.type === 'error' || original.type === 'error') return false
  if (marker.type !== 'groupchat') return original.id === id && isAddressee(from, original, account)
  const room = from.bare
  const isOfRoom = original.type === 'groupchat' && original.from?.bare.equals(room)
  return from.resource !== undefined && isOfRoom === true && trustedStanzaId(original, room) === id
}

/** Only who has got an own message has seen it. Behind every resource of a room is somebody else. */
function isAddressee(from: Jid, { type, from: sender, to }: Message, account: BareJid): boolean {
  const isOwn = sender === undefined || sender.bare.equals(account)
  if (!isOwn || type === 'groupchat' || to === undefined) return false
  return to.resource === undefined ? from.bare.equals(to) : from.equals(to)
}
