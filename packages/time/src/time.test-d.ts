import { createClient } from '@couplet/client'
import { type Roster, roster } from '@couplet/roster'
import { expectTypeOf, test } from 'vitest'
import { time } from './time.js'

const base = { jid: 'u@example.org', password: 'p', transports: [] }

test('only who asks for contacts needs the roster', () => {
  createClient({ ...base, plugins: [time()] })
  createClient({ ...base, plugins: [time({ zone: 'utc', answer: (from) => from.domain === 'example.org' })] })
  const client = createClient({ ...base, plugins: [time({ answer: 'contacts' }), roster()] })
  expectTypeOf(client.roster).toEqualTypeOf<Roster>()
  // @ts-expect-error plugin "time" needs plugin "roster"
  createClient({ ...base, plugins: [time({ answer: 'contacts' })] })
  // @ts-expect-error there is no such audience
  time({ answer: 'everyone' })
})
