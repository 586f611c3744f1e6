import { caps } from '@couplet/caps'
import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { pep } from '@couplet/pep'
import { pubsub } from '@couplet/pubsub'
import { expectTypeOf, test } from 'vitest'
import { type AvatarImage, avatar } from './index.js'

const base = { jid: 'u@example.org', password: 'p', transports: [] }

test('the avatar of a contact is one line, and can be shown as it is', async () => {
  const client = createClient({ ...base, plugins: [disco(), caps(), pubsub(), pep(), avatar()] })
  const image = client.avatar.of('friend@example.org')
  expectTypeOf(image).resolves.toEqualTypeOf<AvatarImage | undefined>()
  expectTypeOf<AvatarImage['bytes']>().toExtend<BlobPart>()
  // @ts-expect-error there is no such access
  void client.avatar.publish(new Uint8Array(), { access: 'everybody' })
})

test('without pep there is nothing to ask', () => {
  // @ts-expect-error plugin "avatar" needs plugin "pep"
  createClient({ ...base, plugins: [disco(), avatar()] })
})
