import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { PingRequest } from './elements.js'

describe('XEP-0199', () => {
  const folder = new URL('../../../test-vectors/xep-0199/', import.meta.url)
  test.each(vectors(folder, { ping: PingRequest }))('$name', ({ check }) => check())
})
