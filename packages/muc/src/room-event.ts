import type { SendHandle } from '@couplet/client'
import type { Jid, StanzaError } from '@couplet/stanza'
import type { Role } from './elements.js'

/** Why we are not in a room any more, for good. */
export type RoomEnd = 'left' | 'kicked' | 'banned' | 'removed' | 'destroyed' | 'refused'

/** What can happen to a room, and to us in it. */
export type RoomEvent =
  /** We are in. */
  | { readonly type: 'joined' }
  /** We are in again, after a new session or because the room had forgotten us; what was missed follows as history. */
  | { readonly type: 'rejoined' }
  /** After `rejoined`: the room was no more, and by coming back we have made it again, as we would the first time. */
  | { readonly type: 'recreated' }
  /**
   * The room, or the way to it, is gone for the moment; we come back by ourselves. `self-ping`: it has said that it does
   * not know us.
   */
  | { readonly type: 'lost'; readonly cause: 'shutdown' | 'removed-by-error' | 'self-ping' }
  /** We are out, and stay out. `removed`: not a member any more, or the room is for members only now. */
  | {
      readonly type: 'left' | 'kicked' | 'banned' | 'removed'
      readonly reason: string | undefined
      readonly actor: string | undefined
    }
  /** The room is no more; its owners may name another one. */
  | { readonly type: 'destroyed'; readonly reason: string | undefined; readonly alternative: Jid | undefined }
  /** The room does not let us in again. */
  | { readonly type: 'refused'; readonly error: StanzaError }
  /** Our nickname is another one. */
  | { readonly type: 'renamed'; readonly nick: string; readonly oldNick: string }
  /** Everybody here can see our real address (status 100, 172), only moderators can (173), or nobody (174). */
  | { readonly type: 'anonymity'; readonly anonymity: RoomAnonymity; readonly isChange: boolean }
  /** What is said here is recorded for the public (status 170), or is not any more (171). */
  | { readonly type: 'logging'; readonly isLogged: boolean; readonly isChange: boolean }
  /** The configuration has changed; all status codes that came with it (104 and others, XEP-0045 §10.2.1). */
  | { readonly type: 'configured'; readonly codes: readonly number[] }
  /** Our affiliation changed while we were not there (status 101). */
  | { readonly type: 'affiliation-changed' }
  /** More occupants than are remembered. */
  | { readonly type: 'overflow' }
  /** Somebody does not come; the room passes on what it was given. */
  | { readonly type: 'declined'; readonly from: Jid | undefined; readonly reason: string | undefined }
  /** Somebody asks for voice, and we are a moderator (XEP-0045 §8.6). */
  | {
      readonly type: 'voice-requested'
      readonly nick: string | undefined
      readonly jid: Jid | undefined
      readonly role: Role | undefined
      /** Answers. */
      answer(allow: boolean): SendHandle
    }

/** Who sees the real addresses of occupants (XEP-0045 §4.2). */
export type RoomAnonymity = 'none' | 'semi' | 'full'

/** The events that status codes stand for (XEP-0045 §15.6.2). @param isChange whether they come while we are in */
export function eventsOfStatuses(codes: readonly number[], isChange: boolean): readonly RoomEvent[] {
  const events: RoomEvent[] = []
  const anonymity = (['none', 'semi', 'full'] as const)[[172, 173, 174].findIndex((code) => codes.includes(code))]
  if (anonymity !== undefined) events.push({ type: 'anonymity', anonymity, isChange: true })
  else if (codes.includes(100)) events.push({ type: 'anonymity', anonymity: 'none', isChange })
  if (codes.includes(170)) events.push({ type: 'logging', isLogged: true, isChange })
  else if (codes.includes(171)) events.push({ type: 'logging', isLogged: false, isChange: true })
  if (codes.includes(101)) events.push({ type: 'affiliation-changed' })
  return events
}
