import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { RegisterFeature, Registration } from './elements.js'

describe('XEP-0077', () => {
  const folder = new URL('../../../test-vectors/xep-0077/', import.meta.url)
  test.each(vectors(folder, { query: Registration, feature: RegisterFeature }))('$name', ({ check }) => check())
})
