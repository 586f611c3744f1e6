import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { type Roster, roster } from '@couplet/roster'
import { expectTypeOf, test } from 'vitest'
import { type Markers, markers } from './markers.js'

const base = { jid: 'u@example.org', password: 'p', transports: [] }

test('only who asks for contacts needs the roster', () => {
  const client = createClient({ ...base, plugins: [markers(), disco()] })
  expectTypeOf(client.markers).toEqualTypeOf<Markers>()
  const other = createClient({ ...base, plugins: [markers({ answer: 'contacts' }), disco(), roster()] })
  expectTypeOf(other.roster).toEqualTypeOf<Roster>()
  // @ts-expect-error plugin "markers" needs plugin "disco"
  createClient({ ...base, plugins: [markers()] })
  // @ts-expect-error plugin "markers" needs plugin "roster"
  createClient({ ...base, plugins: [markers({ answer: 'contacts' }), disco()] })
})
