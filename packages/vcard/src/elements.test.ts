import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Vcard } from './elements.js'

// What is called `ordered` is an example with its children in the order in which they are written here.
describe('XEP-0054', () => {
  const folder = new URL('../../../test-vectors/xep-0054/', import.meta.url)
  test.each(vectors(folder, { card: Vcard }))('$name', ({ check }) => check())
})
