import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Fallback } from './elements.js'

describe('XEP-0428', () => {
  const folder = new URL('../../../test-vectors/xep-0428/', import.meta.url)
  test.each(vectors(folder, { fallback: Fallback }))('$name', ({ check }) => check())
})
