import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { DiscoInfo, DiscoInfoQuery, DiscoItems, DiscoItemsQuery } from './elements.js'

describe('XEP-0030', () => {
  const folder = new URL('../../../test-vectors/xep-0030/', import.meta.url)
  const definitions = {
    'info-query': DiscoInfoQuery,
    info: DiscoInfo,
    'items-query': DiscoItemsQuery,
    items: DiscoItems,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
