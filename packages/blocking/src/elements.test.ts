import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Block, Blocked, BlockItem, BlockList, BlockListQuery, Unblock } from './elements.js'

describe('XEP-0191', () => {
  const folder = new URL('../../../test-vectors/xep-0191/', import.meta.url)
  const definitions = {
    query: BlockListQuery,
    list: BlockList,
    item: BlockItem,
    block: Block,
    unblock: Unblock,
    blocked: Blocked,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
