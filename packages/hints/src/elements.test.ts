import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { ProcessingHint } from './elements.js'

describe('XEP-0334', () => {
  const folder = new URL('../../../test-vectors/xep-0334/', import.meta.url)
  test.each(vectors(folder, { hint: ProcessingHint }))('$name', ({ check }) => check())
})
