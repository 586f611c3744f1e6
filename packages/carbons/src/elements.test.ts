import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { DisableCarbons, EnableCarbons, PrivateMessage, ReceivedCarbon, SentCarbon } from './elements.js'

describe('XEP-0280', () => {
  const folder = new URL('../../../test-vectors/xep-0280/', import.meta.url)
  const definitions = {
    enable: EnableCarbons,
    disable: DisableCarbons,
    private: PrivateMessage,
    received: ReceivedCarbon,
    sent: SentCarbon,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
