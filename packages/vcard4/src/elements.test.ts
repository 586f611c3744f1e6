import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Vcard4 } from './elements.js'

// What is called `ordered` is an example with its children in the order in which they are written here.
describe('XEP-0292', () => {
  const folder = new URL('../../../test-vectors/xep-0292/', import.meta.url)
  test.each(vectors(folder, { card: Vcard4 }))('$name', ({ check }) => check())
})
