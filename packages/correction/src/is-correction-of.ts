import { EncryptionMark, encryptionNames, vouchedBy } from '@couplet/eme'
import type { BareJid, Jid, Message } from '@couplet/stanza'
import { OccupantIdentity, OccupantMark, Replace } from './elements.js'

/** What {@link isCorrectionOf} cannot see in two messages. */
export interface CorrectionContext {
  /** The own account: who a message without a sender is from. `session.account` is it. */
  readonly account?: BareJid | undefined
  /**
   * Whether an address is that of a room: then somebody else is behind every resource, also in private messages. Rooms
   * that mark those, as most do, are recognised without.
   */
  readonly isRoom?: ((jid: BareJid) => boolean) | undefined
  /**
   * Whether the same person has been behind a nickname from one message to the other, for rooms without occupant ids
   * (XEP-0421): whoever keeps track of joining and leaving can tell. Default: not known, so no.
   */
  readonly sameOccupant?: ((correction: Message, original: Message) => boolean) | undefined
  /**
   * What vouches for a message: the encryption and the key it was decrypted with, as a text; `undefined` for plain text.
   * Default: what whoever decrypted it has said, which is kept with the object: for messages from a disk the application
   * has to know it.
   */
  readonly security?: ((message: Message) => string | undefined) | undefined
}

/**
 * The id of the message that this one says it corrects; `undefined` if it says so of none, or of several. Anyone can write
 * it: {@link isCorrectionOf} tells whether it counts.
 */
export function correctedId(message: Message): string | undefined {
  const [only, ...more] = [...message.element.elements()].filter(Replace.matches)
  return more.length > 0 ? undefined : only?.attr('id') || undefined
}

/**
 * Whether a message stands in the place of another one: it names its id and has the same sender, who is an account, or in a
 * room one occupant under one nickname (XEP-0308 §4); and the same key vouches for both, if one does. A message that says so
 * and does not is a message like any other.
 *
 * @param original the first message, also if it was corrected before; in a room as the room has sent it
 */
export function isCorrectionOf(correction: Message, original: Message, context: CorrectionContext = {}): boolean {
  const id = correctedId(correction)
  if (!id || id !== original.id || isRoomType(correction) !== isRoomType(original)) return false
  if (correction.type === 'error' || original.type === 'error') return false
  if (!isAsSecure(correction, original, context)) return false
  return isRoomType(original) || isPrivateMessage(correction, original, context)
    ? isSameOccupant(correction, original, context)
    : isSameAccount(correction, original, context)
}

const isRoomType = ({ type }: Message): boolean => type === 'groupchat'

/** What was encrypted is not corrected by what anyone on the way may have written, be it in the clear or around a payload. */
function isAsSecure(correction: Message, original: Message, { security = vouchedBy }: CorrectionContext): boolean {
  const key = security(correction)
  if (isUndecrypted(correction) || key !== security(original)) return false
  return key !== undefined || !isUndecrypted(original)
}

/** The marks on the outside prove nothing, but what stands beside them was not encrypted. */
export const isUndecrypted = ({ element }: Message): boolean =>
  [...element.elements()].some((node) => EncryptionMark.matches(node) || Object.hasOwn(encryptionNames, node.ns))

function isPrivateMessage(correction: Message, original: Message, { isRoom }: CorrectionContext): boolean {
  return [correction, original].some(
    (message) =>
      message.get(OccupantMark) !== undefined ||
      [message.from, message.to].some((jid) => jid !== undefined && isRoom?.(jid.bare)),
  )
}

function isSameOccupant(correction: Message, original: Message, context: CorrectionContext): boolean {
  if (isOwnPrivate(correction, original, context)) return true
  if (!isSame(correction.from, original.from) || original.from?.resource === undefined) return false
  const [now, then] = [correction, original].map(occupantIds) as [readonly string[], readonly string[]]
  if (now.length === 0 && then.length === 0) return context.sameOccupant?.(correction, original) === true
  return now.length === 1 && then.length === 1 && now[0] !== '' && now[0] === then[0]
}

/** What we have said to an occupant ourselves: the room has no part in who we are. */
function isOwnPrivate(correction: Message, original: Message, { account }: CorrectionContext): boolean {
  if (isRoomType(original) || account === undefined) return false
  const isOwn = ({ from }: Message): boolean => from === undefined || from.bare.equals(account)
  return isOwn(correction) && isOwn(original) && isSame(correction.to, original.to)
}

/** A malformed one is there, too. */
const occupantIds = ({ element }: Message): readonly string[] =>
  [...element.elements()].filter(OccupantIdentity.matches).map((node) => node.attr('id') ?? '')

function isSameAccount(correction: Message, original: Message, { account }: CorrectionContext): boolean {
  const sameSender = isSame(correction.from?.bare ?? account, original.from?.bare ?? account)
  return sameSender && isSame(correction.to?.bare ?? account, original.to?.bare ?? account)
}

/** Nobody is not the same as nobody else. */
const isSame = (one: Jid | undefined, other: Jid | undefined): boolean =>
  one !== undefined && other !== undefined && one.equals(other)
