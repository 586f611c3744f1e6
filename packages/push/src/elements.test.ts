import { DiscoInfo, DiscoInfoQuery } from '@couplet/disco'
import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { PushDisable, PushEnable, PushNotification, PushPublish, PushSummary } from './elements.js'

describe('XEP-0357', () => {
  const folder = new URL('../../../test-vectors/xep-0357/', import.meta.url)
  const definitions = {
    'info-query': DiscoInfoQuery,
    info: DiscoInfo,
    enable: PushEnable,
    disable: PushDisable,
    notification: PushNotification,
    summary: PushSummary,
    publish: PushPublish,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
