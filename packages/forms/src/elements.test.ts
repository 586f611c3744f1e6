import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { DataForm } from './elements.js'
import { field, fieldList } from './form-field.js'
import { submitForm } from './submit-form.js'

const Registration = submitForm('http://jabber.org/protocol/muc#user', {
  first: field('muc#user_first'),
  last: field('muc#user_last'),
  nickname: field('muc#user_roomnick'),
  url: field('muc#user_url'),
  faq: fieldList('muc#user_faqentry'),
})

describe('XEP-0004', () => {
  const folder = new URL('../../../test-vectors/xep-0004/', import.meta.url)
  test.each(vectors(folder, { 'data-form': DataForm }))('$name', ({ check }) => check())
})

describe('XEP-0068', () => {
  const folder = new URL('../../../test-vectors/xep-0068/', import.meta.url)
  const definitions = { 'data-form': DataForm, registration: Registration }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
