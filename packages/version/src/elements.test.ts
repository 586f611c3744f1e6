import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { SoftwareVersion, VersionQuery } from './elements.js'

describe('XEP-0092', () => {
  const folder = new URL('../../../test-vectors/xep-0092/', import.meta.url)
  test.each(vectors(folder, { query: VersionQuery, version: SoftwareVersion }))('$name', ({ check }) => check())
})
