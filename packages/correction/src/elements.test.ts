import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Replace } from './elements.js'

describe('XEP-0308', () => {
  const folder = new URL('../../../test-vectors/xep-0308/', import.meta.url)
  test.each(vectors(folder, { replace: Replace }))('$name', ({ check }) => check())
})
