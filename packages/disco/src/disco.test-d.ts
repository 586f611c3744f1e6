import { createClient } from '@couplet/client'
import { type Roster, roster } from '@couplet/roster'
import { expectTypeOf, test } from 'vitest'
import { disco } from './disco.js'

const base = { jid: 'u@example.org', password: 'p', transports: [] }

test('only who asks for contacts needs the roster', () => {
  createClient({ ...base, plugins: [disco()] })
  createClient({ ...base, plugins: [disco({ answer: (from) => from.domain === 'example.org' })] })
  const client = createClient({ ...base, plugins: [disco({ answer: 'contacts' }), roster()] })
  expectTypeOf(client.roster).toEqualTypeOf<Roster>()
  // @ts-expect-error plugin "disco" needs plugin "roster"
  createClient({ ...base, plugins: [disco({ answer: 'contacts' })] })
  // @ts-expect-error there is no such audience
  disco({ answer: 'everyone' })
})
