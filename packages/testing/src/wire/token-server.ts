import { equalBytes, scramHmac } from '@couplet/sasl'
import { SaslFailure } from './scram-server.js'

/** The mechanisms for tokens (draft-schmaus-kitten-sasl-ht-09), best first, with the channel binding each proves. */
export const tokenMechanisms: ReadonlyMap<string, string | undefined> = new Map([
  ['HT-SHA-256-EXPR', 'tls-exporter'],
  ['HT-SHA-256-ENDP', 'tls-server-end-point'],
  ['HT-SHA-256-NONE', undefined],
])

/** What the client says: who it is, and the proof that it knows the token. @throws SaslFailure */
export function readTokenProof(data: Uint8Array): { readonly username: string; readonly proof: Uint8Array } {
  const end = data.indexOf(0)
  if (end < 1) throw new SaslFailure('malformed-request')
  return { username: Buffer.from(data.subarray(0, end)).toString(), proof: data.subarray(end + 1) }
}

/** Compares a proof with a token; returns what proves to the client that the server knows it, `undefined` if it differs. */
export async function checkTokenProof(
  token: string,
  proof: Uint8Array,
  bound: Uint8Array,
): Promise<Uint8Array | undefined> {
  const key = Buffer.from(token)
  const expected = await scramHmac('SHA-256', key, Buffer.concat([Buffer.from('Initiator'), bound]))
  if (!equalBytes(expected, proof)) return undefined
  return scramHmac('SHA-256', key, Buffer.concat([Buffer.from('Responder'), bound]))
}
