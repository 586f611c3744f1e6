import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Hash, HashUsed } from './elements.js'

describe('XEP-0300', () => {
  const folder = new URL('../../../test-vectors/xep-0300/', import.meta.url)
  test.each(vectors(folder, { hash: Hash, 'hash-used': HashUsed }))('$name', ({ check }) => check())
})
