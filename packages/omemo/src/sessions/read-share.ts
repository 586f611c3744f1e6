import { type ParsedMessage, parseMessage } from '../crypto/profile.js'
import { OmemoError } from '../omemo-error.js'
import type { DeviceKey, EncryptedParts, Version } from '../wire/version.js'

/** One share that may be ours. */
export interface Share {
  readonly bytes: Uint8Array
  readonly parsed: ParsedMessage
}

/**
 * The shares of a device. In 0.3 nothing says whose a share is, so in a room a device of somebody else may have our id: all
 * of them are tried (OMEMO F8).
 */
export function sharesFor({ keys }: EncryptedParts, jid: string, deviceId: number): readonly DeviceKey[] {
  return keys.filter((key) => key.rid === deviceId && (key.jid === undefined || key.jid === jid))
}

/** Reads shares, without those that are nonsense. @throws OmemoError `malformed` if all are */
export function readShares({ profile }: Version, keys: readonly DeviceKey[], most: number): readonly Share[] {
  const shares: Share[] = []
  for (const { bytes } of keys) {
    if (bytes.length > most) continue
    try {
      shares.push({ bytes, parsed: parseMessage(profile, bytes) })
    } catch (error) {
      if (!(error instanceof OmemoError)) throw error
    }
  }
  if (shares.length === 0) throw new OmemoError('malformed')
  return shares
}
