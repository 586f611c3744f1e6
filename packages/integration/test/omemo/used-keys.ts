import type { Plugin } from '@couplet/client'
import { parseMessage } from '../../../omemo/src/crypto/profile.js'
import { legacyVersion } from '../../../omemo/src/legacy/version.js'
import { omemo2Version } from '../../../omemo/src/omemo2/version.js'

/** The message keys that others have used, as the headers of the ratchet show them. */
export interface UsedKeys {
  /** How many. */
  readonly count: number
  /** Those that were used for two different messages: sender's device, device, ratchet key, number. */
  readonly twice: readonly string[]
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The plugin: reads what is on the wire, whoever can decrypt it (OMEMO F18). */
export function usedKeys(): Plugin<'usedKeys', UsedKeys> {
  return {
    name: 'usedKeys',
    needs: {},
    setup(context) {
      const shares = new Map<string, string>()
      const twice: string[] = []
      for (const version of [legacyVersion, omemo2Version]) {
        context.onMessage(
          version.encrypted,
          (_found, { element }) => {
            const read = version.read(element)
            for (const { rid, bytes } of read?.ok ? read.value.keys : []) {
              const parsed = parseMessage(version.profile, bytes)
              const { ratchetKey, n } = parsed.kind === 'message' ? parsed : parsed.message
              const key = [read?.ok && read.value.sid, rid, hex(ratchetKey), n].join(' ')
              // The same bytes again are a stanza that came again.
              if ((shares.get(key) ?? hex(bytes)) !== hex(bytes)) twice.push(key)
              shares.set(key, hex(bytes))
            }
          },
          { from: 'anyone' },
        )
      }
      return {
        get count() {
          return shares.size
        },
        twice,
      }
    },
  }
}
