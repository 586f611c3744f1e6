import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Envelope, FromAffix, TimeAffix, ToAffix } from './elements.js'

describe('XEP-0420', () => {
  const folder = new URL('../../../test-vectors/xep-0420/', import.meta.url)
  const definitions = { envelope: Envelope, time: TimeAffix, from: FromAffix, to: ToAffix }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
