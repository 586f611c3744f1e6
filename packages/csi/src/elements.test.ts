import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { CsiActive, CsiFeature, CsiInactive } from './elements.js'

describe('XEP-0352', () => {
  const folder = new URL('../../../test-vectors/xep-0352/', import.meta.url)
  test.each(vectors(folder, { csi: CsiFeature, active: CsiActive, inactive: CsiInactive }))('$name', ({ check }) =>
    check(),
  )
})
