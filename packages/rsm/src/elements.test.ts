import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { ResultSet, ResultSetRequest } from './elements.js'

describe('XEP-0059', () => {
  const folder = new URL('../../../test-vectors/xep-0059/', import.meta.url)
  const definitions = { 'result-set': ResultSet, 'result-set-request': ResultSetRequest }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
