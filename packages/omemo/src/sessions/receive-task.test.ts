import { describe, expect, test } from 'vitest'
import { nobleBackend as backend } from '../crypto/backend-noble.js'
import { legacyVersion } from '../legacy/version.js'
import { omemo2Version } from '../omemo2/version.js'
import type { Version } from '../wire/version.js'
import { openPayload, type ReceiveTask } from './receive-task.js'

describe('OMEMO F6 a message without a payload', () => {
  const open = (version: Version, keyMaterial: Uint8Array) =>
    openPayload(backend, { version, parts: {} } as unknown as ReceiveTask, keyMaterial)
  const malformed = expect.objectContaining({ code: 'malformed' })

  test('is empty in omemo:2 if it carries 32 zeros', () => {
    expect(open(omemo2Version, new Uint8Array(32))).toBeUndefined()
    for (const bytes of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(48), new Uint8Array(32).fill(1, 31)]) {
      expect(() => open(omemo2Version, bytes)).toThrow(malformed)
    }
  })

  test('is empty in 0.3 if it carries a key, with a tag or without', () => {
    for (const length of [16, 32]) expect(open(legacyVersion, new Uint8Array(length))).toBeUndefined()
    for (const length of [0, 15, 17, 31, 48])
      expect(() => open(legacyVersion, new Uint8Array(length))).toThrow(malformed)
  })
})
