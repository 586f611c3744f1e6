import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { EncryptedSource, FileMetadata, FileSharing } from './elements.js'

describe('XEP-0448', () => {
  const folder = new URL('../../../../test-vectors/xep-0448/', import.meta.url)
  const definitions = { encrypted: EncryptedSource, file: FileMetadata, 'file-sharing': FileSharing }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})
