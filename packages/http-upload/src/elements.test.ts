import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { FileTooLarge, UploadLimits, UploadRequest, UploadRetry, UploadSlot } from './elements.js'

describe('XEP-0363', () => {
  const folder = new URL('../../../test-vectors/xep-0363/', import.meta.url)
  const definitions = {
    request: UploadRequest,
    slot: UploadSlot,
    'too-large': FileTooLarge,
    retry: UploadRetry,
    limits: UploadLimits,
  }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
