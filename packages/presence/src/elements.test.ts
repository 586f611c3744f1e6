import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { PreApproval, RoomUser } from './elements.js'

describe('RFC 6121 §3 and §4', () => {
  const folder = new URL('../../../test-vectors/rfc-6121-presence/', import.meta.url)
  test.each(vectors(folder, { 'pre-approval': PreApproval, 'room-user': RoomUser }))('$name', ({ check }) => check())
})
