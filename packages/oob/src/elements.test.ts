import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { OobData, OobQuery } from './elements.js'

describe('XEP-0066', () => {
  const folder = new URL('../../../test-vectors/xep-0066/', import.meta.url)
  test.each(vectors(folder, { data: OobData, query: OobQuery }))('$name', ({ check }) => check())
})
