import { pepNode } from '@couplet/pep'
import { marker } from '@couplet/stanza'
import type { EncryptedParts, Version } from '../wire/version.js'
import {
  LEGACY_BUNDLES_NODE,
  LEGACY_DEVICES_NODE,
  LegacyBundle,
  LegacyDevices,
  LegacyEncrypted,
  NS_OMEMO_LEGACY,
} from './elements.js'
import { legacyProfile } from './profile.js'

/** OMEMO 0.3 (XEP-0384 0.3.0). */
export const legacyVersion: Version = {
  name: 'legacy',
  namespace: NS_OMEMO_LEGACY,
  profile: legacyProfile,
  devices: pepNode(LegacyDevices, { name: LEGACY_DEVICES_NODE, access: 'open' }),
  bundle: (id) => ({
    node: pepNode(LegacyBundle, { name: LEGACY_BUNDLES_NODE + id, access: 'open' }),
    itemId: 'current',
  }),
  sharesBundleNode: false,
  encrypted: marker(NS_OMEMO_LEGACY, 'encrypted'),
  build: ({ sid, keys, iv, payload }) =>
    LegacyEncrypted({
      header: { sid, keys: keys.map(({ rid, isKeyExchange, bytes }) => ({ rid, kex: isKeyExchange, bytes })), iv },
      payload,
    }),
  read(stanza) {
    const read = stanza.read(LegacyEncrypted)
    return read?.ok ? { ok: true, value: partsOf(read.value) } : read
  },
}

function partsOf({ header, payload }: LegacyEncrypted): EncryptedParts {
  const keys = header.keys.map(({ rid, kex = false, bytes }) => ({ jid: undefined, rid, isKeyExchange: kex, bytes }))
  return { sid: header.sid, keys, iv: header.iv, payload }
}
