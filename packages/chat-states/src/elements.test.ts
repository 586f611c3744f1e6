import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { ChatState } from './elements.js'

describe('XEP-0085', () => {
  const folder = new URL('../../../test-vectors/xep-0085/', import.meta.url)
  test.each(vectors(folder, { state: ChatState }))('$name', ({ check }) => check())
})
