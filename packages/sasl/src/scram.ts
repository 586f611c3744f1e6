import { type Credentials, reveal } from './credentials.js'
import { type CryptoBackend, loadBackend, type ScramHash } from './crypto-backend.js'
import { concat, decodeText, equalBytes, toBase64, utf8 } from './encoding.js'
import { exchange } from './exchange.js'
import { escapeName, gs2Header } from './gs2-header.js'
import type { ChannelBinding, SaslMechanism } from './mechanism.js'
import { refuse } from './sasl-error.js'
import { saslprep } from './saslprep.js'
import { deriveKeys, type ScramKeys } from './scram-keys.js'
import { parseServerFinal, parseServerFirst } from './scram-message.js'

/** What a SCRAM attempt needs to know beside the credentials. */
export interface ScramOptions {
  readonly hash: ScramHash
  /** What the GS2 header says: a binding to prove, `y` (we could, the server offers none) or `n` (RFC 5802 §6). */
  readonly binding: ChannelBinding | 'y' | 'n'
  /** What the server advertised, in the form XEP-0474 hashes. */
  readonly advertised?: string
  /** Go on only if the server vouches for its list (XEP-0474 §7), and otherwise fail with this code. */
  readonly listHashRequired?: 'channel-binding' | 'downgrade' | undefined
  /** For vectors, and for an attempt that goes on by another offer; otherwise random. */
  readonly nonce?: string | undefined
  /** For the tests that run both backends. */
  readonly backend?: CryptoBackend
}

/** Why the server's word on its list is needed. */
const unproven = {
  'channel-binding': 'no channel binding in common',
  downgrade: 'weaker than in an earlier login, and the server does not vouch for its list',
} as const

/** Random bytes in a client nonce. */
const NONCE_BYTES = 24

/** SCRAM and SCRAM-PLUS (RFC 5802, RFC 7677) with the list hash of XEP-0474. */
export function scram(credentials: Credentials, options: ScramOptions): SaslMechanism {
  const binding = typeof options.binding === 'string' ? undefined : options.binding
  const name = `SCRAM-${options.hash}${binding ? '-PLUS' : ''}`
  const nonce = options.nonce ?? toBase64(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))
  let header = ''
  let bare = ''
  let expected: Uint8Array | undefined

  return exchange(name, binding, {
    async first() {
      header = await gs2Header(binding ? `p=${binding.type}` : String(options.binding), credentials.authzid, name)
      bare = `n=${escapeName(await saslprep(credentials.username ?? '', 'the username', name))},r=${nonce}`
      return utf8(header + bare)
    },
    async answer(data) {
      const text = decodeText(data)
      const first = parseServerFirst(text, nonce, name)
      const backend = options.backend ?? (await loadBackend())
      await checkList(backend, first.listHash, options, name)
      const final = `c=${toBase64(concat(utf8(header), binding?.data ?? new Uint8Array()))},r=${first.nonce}`
      const password = await reveal(credentials.password ?? '')
      const keys = await deriveKeys(backend, options.hash, password, first.salt, first.iterations)
      const proof = await prove(backend, options.hash, keys, utf8(`${bare},${text},${final}`))
      expected = proof.server
      return utf8(`${final},p=${toBase64(proof.client)}`)
    },
    verify(data) {
      if (!data || !expected || !equalBytes(expected, parseServerFinal(decodeText(data), name))) {
        refuse(name, 'server-signature', 'the server did not prove that it knows the secret')
      }
    },
    wipe() {
      expected?.fill(0)
      expected = undefined
    },
  })
}

async function checkList(
  backend: CryptoBackend,
  listHash: string | undefined,
  { hash, advertised, listHashRequired }: ScramOptions,
  name: string,
): Promise<void> {
  if (listHash === undefined) {
    if (listHashRequired) refuse(name, listHashRequired, unproven[listHashRequired])
  } else if (advertised !== undefined && toBase64(await backend.digest(hash, utf8(advertised))) !== listHash) {
    refuse(name, 'downgrade', 'the list of mechanisms was changed on its way')
  }
}

/** Our proof and the signature to expect (RFC 5802 §3); the keys are wiped. */
async function prove(
  backend: CryptoBackend,
  hash: ScramHash,
  keys: ScramKeys,
  message: Uint8Array,
): Promise<{ client: Uint8Array; server: Uint8Array }> {
  const signature = await backend.hmac(hash, keys.storedKey, message)
  const client = keys.clientKey.map((byte, i) => byte ^ signature[i]!)
  const server = await backend.hmac(hash, keys.serverKey, message)
  for (const secret of [...Object.values(keys), signature]) secret.fill(0)
  return { client, server }
}
