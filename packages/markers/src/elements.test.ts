import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Displayed, Markable } from './elements.js'

describe('XEP-0333', () => {
  const folder = new URL('../../../test-vectors/xep-0333/', import.meta.url)
  test.each(vectors(folder, { markable: Markable, displayed: Displayed }))('$name', ({ check }) => check())
})
