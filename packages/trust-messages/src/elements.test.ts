import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { KeyOwner, TrustMessage } from './elements.js'

describe('XEP-0434', () => {
  const folder = new URL('../../../test-vectors/xep-0434/', import.meta.url)
  const definitions = { 'trust-message': TrustMessage, 'key-owner': KeyOwner }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
