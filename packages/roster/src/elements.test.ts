import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { RosterItem, RosterQuery, RosterResult, RosterVersioning } from './elements.js'

describe('RFC 6121 §2', () => {
  const folder = new URL('../../../test-vectors/rfc-6121-roster/', import.meta.url)
  const definitions = { query: RosterQuery, item: RosterItem, result: RosterResult, versioning: RosterVersioning }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
