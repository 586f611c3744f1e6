import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { LastActivity, LastActivityQuery } from './elements.js'

describe('XEP-0012', () => {
  const folder = new URL('../../../test-vectors/xep-0012/', import.meta.url)
  const definitions = { query: LastActivityQuery, activity: LastActivity }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
