import { DiscoInfo, DiscoInfoQuery, DiscoItems, DiscoItemsQuery } from '@couplet/disco'
import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { CommandActions, CommandCondition, CommandNote, CommandRequest, CommandResult } from './elements.js'

describe('XEP-0050', () => {
  const folder = new URL('../../../test-vectors/xep-0050/', import.meta.url)
  const definitions = {
    request: CommandRequest,
    result: CommandResult,
    actions: CommandActions,
    note: CommandNote,
    condition: CommandCondition,
    'info-query': DiscoInfoQuery,
    info: DiscoInfo,
    'items-query': DiscoItemsQuery,
    items: DiscoItems,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
