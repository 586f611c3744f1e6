import { CommandRequest, CommandResult } from '@couplet/adhoc'
import { vectors } from '@couplet/testing'
import { describe, test } from 'vitest'
import { Preauth, PreauthFeature } from './elements.js'

const definitions = {
  '0379': { preauth: Preauth },
  // Apart from what the forms mean, all of it is XEP-0050.
  '0401': { request: CommandRequest, result: CommandResult },
  '0445': { preauth: Preauth, feature: PreauthFeature },
}

describe.each(Object.entries(definitions))('XEP-%s', (number, defs) => {
  const folder = new URL(`../../../test-vectors/xep-${number}/`, import.meta.url)
  test.each(vectors(folder, defs))('$name', ({ check }) => check())
})
