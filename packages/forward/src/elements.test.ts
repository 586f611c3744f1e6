import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Forwarded } from './elements.js'

describe('XEP-0297', () => {
  const folder = new URL('../../../test-vectors/xep-0297/', import.meta.url)
  test.each(vectors(folder, { forwarded: Forwarded }))('$name', ({ check }) => check())
})
