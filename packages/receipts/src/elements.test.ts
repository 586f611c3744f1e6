import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { ReceiptRequest, Received } from './elements.js'

describe('XEP-0184', () => {
  const folder = new URL('../../../test-vectors/xep-0184/', import.meta.url)
  test.each(vectors(folder, { request: ReceiptRequest, received: Received }))('$name', ({ check }) => check())
})
