import type { Jid, XmlElement } from '@couplet/stanza'
import { type Envelope, isNamespaced, isServerProcessed } from './elements.js'
import { EnvelopeError, type EnvelopeErrorCode, type EnvelopeResult } from './envelope-error.js'

/** Which affixes an encryption asks for (XEP-0420 §4). One that is there is compared in any case. */
export interface EnvelopeProfile {
  /** Whether the sender must be named. */
  readonly from: 'required' | 'optional'
  /** Whether the recipient must be named. */
  readonly to: 'required' | 'optional'
  /** Whether the time must be told. */
  readonly time: 'required' | 'optional'
  /** How far the time may be from that of the stanza, in milliseconds; default an hour. */
  readonly timeMargin?: number
  /** What to do beyond that: `refuse`, or, as a wrong clock is common, say so in the result. Default `report`. */
  readonly wrongTime?: 'refuse' | 'report'
}

/** What the stanza says of itself, after it was found out who has really sent it. */
export interface StanzaOrigin {
  /** Who has sent it: in a room the real JID, not the nickname. */
  readonly from: Jid
  /** For whom it is: in a room the room; in a copy of an own message the one it was sent to. */
  readonly to: Jid
  /** When it was sent: now, or what the archive or the delay says. Without it the time is not compared. */
  readonly sentAt?: Date | undefined
}

/** What a checked envelope holds. */
export interface OpenedEnvelope {
  /** What may be read in place of the encrypted element. */
  readonly content: readonly XmlElement[]
  /** What was left out of it, which a friendly sender would not have put there. */
  readonly stripped: readonly XmlElement[]
  /** Whether the sender is named, so that nobody else can have passed the message on as his own. */
  readonly boundFrom: boolean
  /** Whether the recipient is named, so that it was not meant for somebody else. */
  readonly boundTo: boolean
  /** When it was encrypted, if it says so. */
  readonly time?: Date
  /** Milliseconds by which the time is off, if that is more than the profile allows: a wrong clock, or an old stanza. */
  readonly timeOff?: number
}

const hour = 3_600_000

/**
 * Checks the affixes of an envelope against its stanza, JIDs without their resources, and sorts its content (XEP-0420 §4,
 * §8 to §10). A pure function.
 */
export function checkEnvelope(
  envelope: Envelope,
  origin: StanzaOrigin,
  profile: EnvelopeProfile,
): EnvelopeResult<OpenedEnvelope> {
  const { time } = envelope
  const timeOff = difference(time, origin.sentAt)
  const late = timeOff > (profile.timeMargin ?? hour)
  const problem =
    checkJid('from', envelope.from, origin.from, profile.from) ??
    checkJid('to', envelope.to, origin.to, profile.to) ??
    (time === undefined && profile.time === 'required' ? 'missing-time' : undefined) ??
    (late && profile.wrongTime === 'refuse' ? 'wrong-time' : undefined)
  if (problem !== undefined) return { ok: false, error: new EnvelopeError(problem) }
  const value: OpenedEnvelope = {
    ...sortContent(envelope.content),
    boundFrom: envelope.from !== undefined,
    boundTo: envelope.to !== undefined,
    ...(time && { time }),
    ...(late && { timeOff }),
  }
  return { ok: true, value }
}

function checkJid(
  affix: 'from' | 'to',
  written: Jid | undefined,
  actual: Jid,
  need: 'required' | 'optional',
): EnvelopeErrorCode | undefined {
  if (written === undefined) return need === 'required' ? `missing-${affix}` : undefined
  // The examples of XEP-0434 and XEP-0450 have full JIDs where XEP-0420 §4 wants bare ones.
  return written.bare.equals(actual.bare) ? undefined : `wrong-${affix}`
}

const difference = (time: Date | undefined, sentAt: Date | undefined): number =>
  time === undefined || sentAt === undefined ? 0 : Math.abs(time.getTime() - sentAt.getTime())

/**
 * Tells what may be read from what must be dropped: server-processed elements (XEP-0420 §9), and those that do not say
 * which namespace they are in (§10).
 */
export function sortContent(content: readonly XmlElement[]): Pick<OpenedEnvelope, 'content' | 'stripped'> {
  const allowed = (element: XmlElement): boolean => isNamespaced(element) && !isServerProcessed(element)
  return { content: content.filter(allowed), stripped: content.filter((element) => !allowed(element)) }
}
