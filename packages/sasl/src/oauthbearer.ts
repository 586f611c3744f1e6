import { type Credentials, reveal } from './credentials.js'
import { decodeText, utf8 } from './encoding.js'
import { exchange } from './exchange.js'
import { gs2Header } from './gs2-header.js'
import type { SaslMechanism } from './mechanism.js'
import { refuse, type SaslError, serverError } from './sasl-error.js'

/** OAUTHBEARER (RFC 7628). The server cannot prove itself in it, so it depends on verified TLS entirely. */
export function oauthBearer({ authzid, token = '' }: Credentials): SaslMechanism {
  const name = 'OAUTHBEARER'
  let reported: SaslError | undefined
  return exchange(name, undefined, {
    async first() {
      const header = await gs2Header('n', authzid, name)
      const bearer = await reveal(token)
      // b64token of RFC 6750 §2.1: whatever else could end the field early and add one of its own.
      if (!/^[\w.~+/-]+=*$/.test(bearer)) refuse(name, 'malformed', 'the token has prohibited characters')
      return utf8(`${header}\x01auth=Bearer ${bearer}\x01\x01`)
    },
    // RFC 7628 §3.2.3: the error comes as a challenge and is answered with %x01, after which the server fails us.
    async answer(data) {
      const status = readStatus(decodeText(data))
      if (status === undefined) refuse(name, 'malformed', 'unreadable error report')
      reported = serverError(name, status)
      return Uint8Array.of(1)
    },
    verify(data) {
      if (reported) throw reported
      if (data) refuse(name, 'malformed', 'unexpected data')
    },
    reported: () => reported,
  })
}

function readStatus(text: string): string | undefined {
  try {
    const status: unknown = JSON.parse(text)?.status
    return typeof status === 'string' ? status : undefined
  } catch {
    return undefined
  }
}
