import { createClient } from '@couplet/client'
import { type Roster, roster } from '@couplet/roster'
import { expectTypeOf, test } from 'vitest'
import { lastActivity } from './last-activity.js'

const base = { jid: 'u@example.org', password: 'p', transports: [] }

test('only who asks for contacts needs the roster', () => {
  createClient({ ...base, plugins: [lastActivity()] })
  createClient({ ...base, plugins: [lastActivity({ answer: (from) => from.domain === 'example.org' })] })
  const client = createClient({ ...base, plugins: [lastActivity({ answer: 'contacts' }), roster()] })
  expectTypeOf(client.roster).toEqualTypeOf<Roster>()
  // @ts-expect-error plugin "lastActivity" needs plugin "roster"
  createClient({ ...base, plugins: [lastActivity({ answer: 'contacts' })] })
  // @ts-expect-error there is no such audience
  lastActivity({ answer: 'everyone' })
})
