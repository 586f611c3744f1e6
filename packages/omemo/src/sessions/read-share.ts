import { equalBytes } from '../crypto/bytes.js'
import { type ParsedMessage, parseMessage } from '../crypto/profile.js'
import { OmemoError } from '../omemo-error.js'
import { limits } from '../wire/limits.js'
import type { DeviceKey, EncryptedParts, Version } from '../wire/version.js'

/** One share that may be ours. */
export interface Share {
  readonly bytes: Uint8Array
  readonly parsed: ParsedMessage
}

/**
 * The shares of a device, each once. In 0.3 nothing says whose a share is, so in a room a device of somebody else may have our
 * id: the first few are tried (OMEMO F8, S13).
 */
export function sharesFor({ keys }: EncryptedParts, jid: string, deviceId: number): readonly DeviceKey[] {
  const found: DeviceKey[] = []
  for (const key of keys) {
    if (key.rid !== deviceId || (key.jid !== undefined && key.jid !== jid)) continue
    if (found.some(({ bytes }) => equalBytes(bytes, key.bytes))) continue
    if (found.push(key) === limits.shares) break
  }
  return found
}

/** Reads shares, without those that are nonsense. @throws OmemoError `malformed` if all are */
export function readShares({ profile }: Version, keys: readonly DeviceKey[]): readonly Share[] {
  const shares: Share[] = []
  for (const { bytes } of keys) {
    if (bytes.length > limits.key) continue
    try {
      shares.push({ bytes, parsed: parseMessage(profile, bytes) })
    } catch (error) {
      if (!(error instanceof OmemoError)) throw error
    }
  }
  if (shares.length === 0) throw new OmemoError('malformed')
  return shares
}
