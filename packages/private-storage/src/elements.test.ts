import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { PrivateData } from './elements.js'

describe('XEP-0049', () => {
  const folder = new URL('../../../test-vectors/xep-0049/', import.meta.url)
  test.each(vectors(folder, { data: PrivateData }))('$name', ({ check }) => check())
})
