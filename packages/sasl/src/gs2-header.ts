import { saslprep } from './saslprep.js'

/** Escapes a name for a GS2 header or SCRAM's `n=` (RFC 5802 §5.1). */
export function escapeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/** The GS2 header (RFC 5801 §4): `n`, `y` or `p=type`, and on whose behalf. */
export async function gs2Header(flag: string, authzid: string | undefined, mechanism: string): Promise<string> {
  return `${flag},${authzid ? `a=${escapeName(await saslprep(authzid, 'the authzid', mechanism))}` : ''},`
}
