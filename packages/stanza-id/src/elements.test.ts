import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { OriginId, ReferencedStanza, StanzaId } from './elements.js'

describe('XEP-0359', () => {
  const folder = new URL('../../../test-vectors/xep-0359/', import.meta.url)
  const definitions = { 'stanza-id': StanzaId, 'origin-id': OriginId, 'referenced-stanza': ReferencedStanza }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
