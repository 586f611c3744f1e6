import { createClient } from '@couplet/client'
import { type Roster, roster } from '@couplet/roster'
import { expectTypeOf, test } from 'vitest'
import { version } from './version.js'

const base = { jid: 'u@example.org', password: 'p', transports: [] }
const self = { name: 'Puck', version: '1.2' }

test('only who asks for contacts needs the roster', () => {
  createClient({ ...base, plugins: [version(self)] })
  createClient({ ...base, plugins: [version({ ...self, answer: (from) => from.domain === 'example.org' })] })
  const client = createClient({ ...base, plugins: [version({ ...self, answer: 'contacts' }), roster()] })
  expectTypeOf(client.roster).toEqualTypeOf<Roster>()
  // @ts-expect-error plugin "version" needs plugin "roster"
  createClient({ ...base, plugins: [version({ ...self, answer: 'contacts' })] })
  // @ts-expect-error there is no such audience
  version({ ...self, answer: 'everyone' })
  // @ts-expect-error a version without a name
  version({ version: '1.2' })
})
