import { type Credentials, reveal } from './credentials.js'
import { loadBackend } from './crypto-backend.js'
import { concat, equalBytes, utf8 } from './encoding.js'
import { exchange } from './exchange.js'
import type { ChannelBinding, ChannelBindingType, SaslMechanism } from './mechanism.js'
import { refuse } from './sasl-error.js'
import { saslprep } from './saslprep.js'

// Strongest binding first: XEP-0484 §6 wants channel binding preferred.
const TOKEN_BINDINGS: readonly (readonly [suffix: string, type: ChannelBindingType | undefined])[] = [
  ['EXPR', 'tls-exporter'],
  ['ENDP', 'tls-server-end-point'],
  ['UNIQ', 'tls-unique'],
  ['NONE', undefined],
]

/** Mechanisms of the HT family that work with these bindings, best first, with the binding each would prove. */
export function usableTokens(bindings: readonly ChannelBinding[]): Map<string, ChannelBinding | undefined> {
  const usable = new Map<string, ChannelBinding | undefined>()
  for (const [suffix, type] of TOKEN_BINDINGS) {
    const binding = bindings.find((candidate) => candidate.type === type && candidate.data.length)
    if (binding || !type) usable.set(`HT-SHA-256-${suffix}`, binding)
  }
  return usable
}

/** The FAST mechanism to request a token for (XEP-0484 §3.2), or `undefined` if none of those offered works here. */
export function chooseTokenMechanism(
  offered: readonly string[],
  bindings: readonly ChannelBinding[],
): string | undefined {
  return [...usableTokens(bindings).keys()].find((name) => offered.includes(name))
}

/** HT-SHA-256-* (draft-schmaus-kitten-sasl-ht-09): one round trip, proven by both sides. */
export function hashedToken(
  name: string,
  { username = '', ht }: Credentials,
  binding: ChannelBinding | undefined,
): SaslMechanism {
  let expected: Uint8Array | undefined
  return exchange(name, binding, {
    async first() {
      const authcid = await saslprep(username, 'the username', name)
      const token = utf8(ht ? await reveal(ht.token) : '')
      if (!token.length) refuse(name, 'malformed', 'the token is empty')
      const bound = binding?.data ?? new Uint8Array()
      const { hmac } = await loadBackend()
      const proof = await hmac('SHA-256', token, concat(utf8('Initiator'), bound))
      expected = await hmac('SHA-256', token, concat(utf8('Responder'), bound))
      token.fill(0)
      return concat(utf8(`${authcid}\0`), proof)
    },
    verify(data) {
      if (!data || !expected || !equalBytes(expected, data)) {
        refuse(name, 'server-signature', 'the server did not prove that it knows the secret')
      }
    },
    wipe() {
      expected?.fill(0)
      expected = undefined
    },
  })
}
