import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { AvatarData, AvatarInfo, AvatarMetadata, AvatarPointer, VcardUpdate } from './elements.js'

describe('XEP-0084', () => {
  const folder = new URL('../../../test-vectors/xep-0084/', import.meta.url)
  const definitions = { data: AvatarData, metadata: AvatarMetadata, info: AvatarInfo, pointer: AvatarPointer }
  test.each(vectors(folder, definitions))('$name', ({ check }) => check())
})

describe.each(['0153', '0398'])('XEP-%s', (number) => {
  const folder = new URL(`../../../test-vectors/xep-${number}/`, import.meta.url)
  test.each(vectors(folder, { update: VcardUpdate }))('$name', ({ check }) => check())
})
