import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import {
  MamFields,
  MamFilter,
  MamFin,
  MamMetadata,
  MamPreferences,
  MamPreferencesQuery,
  MamQuery,
  MamResult,
} from './elements.js'

describe('XEP-0313', () => {
  const folder = new URL('../../../test-vectors/xep-0313/', import.meta.url)
  const definitions = {
    fields: MamFields,
    query: MamQuery,
    filter: MamFilter,
    result: MamResult,
    fin: MamFin,
    metadata: MamMetadata,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})

describe('XEP-0441', () => {
  const folder = new URL('../../../test-vectors/xep-0441/', import.meta.url)
  const definitions = { question: MamPreferencesQuery, preferences: MamPreferences }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
