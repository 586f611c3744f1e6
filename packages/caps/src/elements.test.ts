import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Capabilities } from './elements.js'

describe('XEP-0115', () => {
  const folder = new URL('../../../test-vectors/xep-0115/', import.meta.url)
  test.each(vectors(folder, { caps: Capabilities }))('$name', ({ check }) => check())
})
