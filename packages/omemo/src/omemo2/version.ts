import { pepNode } from '@couplet/pep'
import { Jid, marker } from '@couplet/stanza'
import type { DeviceKey, EncryptedParts, Version } from '../wire/version.js'
import { Bundle, Devices, Encrypted, NS_OMEMO, OMEMO_BUNDLES_NODE, OMEMO_DEVICES_NODE } from './elements.js'
import { omemo2Profile } from './profile.js'

const bundles = pepNode(Bundle, { name: OMEMO_BUNDLES_NODE, access: 'open', maxItems: 'max' })

/** OMEMO since XEP-0384 0.8. */
export const omemo2Version: Version = {
  name: 'omemo2',
  namespace: NS_OMEMO,
  profile: omemo2Profile,
  devices: pepNode(Devices, { name: OMEMO_DEVICES_NODE, access: 'open' }),
  bundle: (id) => ({ node: bundles, itemId: String(id) }),
  sharesBundleNode: true,
  encrypted: marker(NS_OMEMO, 'encrypted'),
  build: ({ sid, keys, payload }) => Encrypted({ header: { sid, recipients: grouped(keys) }, payload }),
  read(stanza) {
    const read = stanza.read(Encrypted)
    return read?.ok ? { ok: true, value: partsOf(read.value) } : read
  },
}

/** One element per account, in the order in which they are first named. */
function grouped(keys: readonly DeviceKey[]): Encrypted['header']['recipients'] {
  const accounts = new Map<string, { rid: number; kex: boolean; bytes: Uint8Array }[]>()
  for (const { jid = '', rid, isKeyExchange, bytes } of keys) {
    const own = accounts.get(jid) ?? []
    accounts.set(jid, own)
    own.push({ rid, kex: isKeyExchange, bytes })
  }
  return [...accounts].map(([jid, own]) => ({ jid: Jid.parse(jid), keys: own }))
}

function partsOf({ header, payload }: Encrypted): EncryptedParts {
  const keys = header.recipients.flatMap(({ jid, keys: own }) => {
    const bare = jid.bare.toString()
    return own.map(({ rid, kex = false, bytes }) => ({ jid: bare, rid, isKeyExchange: kex, bytes }))
  })
  return { sid: header.sid, keys, iv: undefined, payload }
}
