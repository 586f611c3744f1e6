import { createClient } from '@couplet/client'
import { type Roster, roster } from '@couplet/roster'
import { expectTypeOf, test } from 'vitest'
import { ping } from './ping.js'

const base = { jid: 'u@example.org', password: 'p', transports: [] }

test('only who asks for contacts needs the roster', () => {
  createClient({ ...base, plugins: [ping()] })
  createClient({ ...base, plugins: [ping({ answer: (from) => from.domain === 'example.org' })] })
  const client = createClient({ ...base, plugins: [ping({ answer: 'contacts' }), roster()] })
  expectTypeOf(client.roster).toEqualTypeOf<Roster>()
  // @ts-expect-error plugin "ping" needs plugin "roster"
  createClient({ ...base, plugins: [ping({ answer: 'contacts' })] })
  // @ts-expect-error there is no such audience
  ping({ answer: 'everyone' })
})
