import { base64 } from '@couplet/stanza'
import { type Session, wipeSession } from '../crypto/session.js'
import { decodeSession, encodeSession } from '../crypto/session-encoding.js'
import type { RecordKind } from '../store/record-kind.js'
import type { VersionName } from '../wire/version.js'

/** How many sessions are kept beside the current one, and how many names of those that are gone (OMEMO S12, S13). */
const most = { archived: 5, spent: 40 } as const

/** What is owed to a device: an empty message (XEP-0384 §6). */
export type Owed = 'completion' | 'heartbeat'

/** All sessions with a device in one version. */
export interface SessionRecord {
  /** The one to send with first, then those that may still decrypt something. */
  readonly sessions: readonly Session[]
  /** Ephemeral keys of sessions that are gone: their key exchanges begin nothing again. */
  readonly spent: readonly string[]
  /** Messages since the device has answered last. */
  readonly unanswered: number
  /** The ratchet key that a heartbeat was due for last. */
  readonly heartbeat: string | undefined
  /** What is owed. */
  readonly owed: Owed | undefined
  /** The next message begins another session; those that are there may still decrypt something. */
  readonly isBroken: boolean
  /** When a broken session was replaced last, in milliseconds. */
  readonly healedAt: number | undefined
}

/** Nothing with a device yet. */
export const noSessions: SessionRecord = {
  sessions: [],
  spent: [],
  unanswered: 0,
  heartbeat: undefined,
  owed: undefined,
  isBroken: false,
  healedAt: undefined,
}

interface SessionRecordJson extends Omit<SessionRecord, 'sessions'> {
  readonly sessions: readonly string[]
}

/** The record of the sessions with a device; for its key see {@link sessionKey}. */
export const sessionKind: RecordKind<SessionRecord> = {
  name: 'session',
  version: 1,
  toJson: ({ sessions, ...rest }): SessionRecordJson => ({
    ...rest,
    sessions: sessions.map((session) => base64.encode(encodeSession(session))),
  }),
  fromJson: ({ sessions, ...rest }: SessionRecordJson) => ({
    ...noSessions,
    ...rest,
    sessions: sessions.map((text) => decodeSession(base64.decode(text) ?? new Uint8Array(0))),
  }),
}

/** The key of a record. With another id we are another device to everybody: none of the old sessions is of use then. */
export const sessionKey = (own: number, jid: string, deviceId: number, version: VersionName): string =>
  `${own}/${jid}/${deviceId}/${version}`

/** The scope of a device's sessions in the store. */
export const deviceScope = (jid: string, deviceId: number): string => `device ${jid}/${deviceId}`

/** With a session in front: a new one, or one that has changed. What is too old is gone. */
export function withCurrent(record: SessionRecord, current: Session, replaced?: Session): SessionRecord {
  const rest = record.sessions.filter((session) => session !== replaced)
  const gone = rest.slice(most.archived).map(({ ephemeralKey }) => base64.encode(ephemeralKey))
  return {
    ...record,
    isBroken: false,
    sessions: [current, ...rest.slice(0, most.archived)],
    spent: [...gone, ...record.spent].slice(0, most.spent),
  }
}

/** The next message begins another session, unless one of these decrypts something before. */
export const withoutCurrent = (record: SessionRecord): SessionRecord =>
  record.sessions.length === 0 ? record : { ...record, isBroken: true }

/** The session to send with, if there is one. */
export const currentOf = ({ sessions, isBroken }: SessionRecord): Session | undefined =>
  isBroken ? undefined : sessions[0]

/** Overwrites what only these sessions hold, and no one of the record that took their place. To be called when it is stored. */
export function wipeReplaced(before: readonly Session[], { sessions }: SessionRecord): void {
  for (const session of before) if (!sessions.includes(session)) wipeSession(session, sessions[0])
}
