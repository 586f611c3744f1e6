import { expect, test } from 'vitest'
import { nobleBackend } from '../crypto/backend-noble.js'
import { generateIdentity } from '../crypto/identity.js'
import type { Session } from '../crypto/session.js'
import { initiate, verifyBundle } from '../crypto/x3dh.js'
import { bundleOf, newOwnKeys } from '../devices/own-keys.js'
import { omemo2Version } from '../omemo2/version.js'
import { openRecord, sealRecord } from '../store/record-kind.js'
import { currentOf, noSessions, sessionKey, sessionKind, withCurrent, withoutCurrent } from './session-record.js'

const backend = nobleBackend
const { profile } = omemo2Version
const [identity, other] = [generateIdentity(backend), generateIdentity(backend)]
const { signature, signedPreKey, preKeys, identityKey } = bundleOf(
  backend,
  omemo2Version,
  other,
  await newOwnKeys(backend, 0),
)
const bundle = verifyBundle(backend, profile, {
  identityKey,
  signedPreKey: { ...signedPreKey, signature },
  preKeys: preKeys.keys,
})
const make = (): Session => initiate(backend, profile, { identity, bundle, preKeyId: 1 })
const sessions = Array.from({ length: 50 }, make)

test('OMEMO S13 six sessions are kept, the newest first, and the names of forty that are gone', () => {
  let record = noSessions
  for (const session of sessions) record = withCurrent(record, session)
  expect(record.sessions).toEqual(sessions.slice(-6).reverse())
  expect([record.spent.length, new Set(record.spent).size]).toEqual([40, 40])
})

test('a session that has changed takes its own place and goes to the front', () => {
  const [a, b, c] = sessions as [Session, Session, Session]
  const record = [a, b].reduce((before, each) => withCurrent(before, each), noSessions)
  const changed = { ...a, previousLength: 7 }
  expect(withCurrent(record, changed, a).sessions).toEqual([changed, b])
  expect(withCurrent(record, c).sessions).toEqual([c, b, a])
})

test('a broken session is not sent with, and may still decrypt', () => {
  const [a, b] = sessions as [Session, Session]
  const record = withoutCurrent(withCurrent(noSessions, a))
  expect([currentOf(record), record.sessions]).toEqual([undefined, [a]])
  expect(currentOf(withCurrent(record, b))).toBe(b)
  expect(withoutCurrent(noSessions)).toBe(noSessions)
})

test('a record comes back from the store as it was', () => {
  const record = {
    ...withCurrent(noSessions, sessions[0] as Session),
    unanswered: 3,
    owed: 'completion',
    healedAt: 5,
  } as const
  expect(openRecord(sessionKind, sealRecord(sessionKind, record))).toEqual(record)
  expect(sessionKey(1, 'a@b.example', 2, 'omemo2')).toBe('1/a@b.example/2/omemo2')
})
