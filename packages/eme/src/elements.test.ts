import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { EncryptionMark } from './elements.js'

describe('XEP-0380', () => {
  const folder = new URL('../../../test-vectors/xep-0380/', import.meta.url)
  test.each(vectors(folder, { encryption: EncryptionMark }))('$name', ({ check }) => check())
})
