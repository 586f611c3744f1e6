import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { expectTypeOf, test } from 'vitest'
import { type HttpUpload, httpUpload } from './http-upload.js'

const base = { jid: 'u@example.org', password: 'p', transports: [] }

test('it needs service discovery', () => {
  const client = createClient({ ...base, plugins: [httpUpload(), disco()] })
  expectTypeOf(client.httpUpload).toEqualTypeOf<HttpUpload>()
  // @ts-expect-error plugin "httpUpload" needs plugin "disco"
  createClient({ ...base, plugins: [httpUpload()] })
  // @ts-expect-error there is no such purpose
  client.httpUpload.upload(new Blob([]), { purpose: 'avatar' })
})
