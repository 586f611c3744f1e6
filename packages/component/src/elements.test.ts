import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Handshake } from './elements.js'

describe('XEP-0114', () => {
  const folder = new URL('../../../test-vectors/xep-0114/', import.meta.url)
  test.each(vectors(folder, { handshake: Handshake }))('$name', ({ check }) => check())
})
