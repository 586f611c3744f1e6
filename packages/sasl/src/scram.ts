import { type Credentials, reveal } from './credentials.js'
import { type CryptoBackend, loadBackend, type ScramHash } from './crypto-backend.js'
import { concat, decodeText, equalBytes, toBase64, utf8, xor } from './encoding.js'
import { exchange } from './exchange.js'
import { escapeName, gs2Header } from './gs2-header.js'
import type { ChannelBinding, SaslMechanism } from './mechanism.js'
import { refuse } from './sasl-error.js'
import { saslprep } from './saslprep.js'
import { deriveKeys } from './scram-keys.js'
import { parseServerFinal, parseServerFirst } from './scram-message.js'

/** What a SCRAM attempt needs to know beside the credentials. */
export interface ScramOptions {
  readonly hash: ScramHash
  /** What the GS2 header says: a binding to prove, `y` (we could, the server offers none) or `n` (RFC 5802 §6). */
  readonly binding: ChannelBinding | 'y' | 'n'
  /** What the server advertised, in the form XEP-0474 hashes. */
  readonly advertised?: string
  /** The binding types do not overlap: go on only if the server vouches for its list (XEP-0474 §6, rule 6). */
  readonly listHashRequired?: boolean | undefined
  /** For vectors only. */
  readonly nonce?: string
  /** For the tests that run both backends. */
  readonly backend?: CryptoBackend
}

/** Random bytes in a client nonce. */
const NONCE_BYTES = 24

/** SCRAM and SCRAM-PLUS (RFC 5802, RFC 7677) with the list hash of XEP-0474. */
export function scram(credentials: Credentials, options: ScramOptions): SaslMechanism {
  const { hash, advertised } = options
  const binding = typeof options.binding === 'string' ? undefined : options.binding
  const name = `SCRAM-${hash}${binding ? '-PLUS' : ''}`
  const nonce = options.nonce ?? toBase64(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))
  let header = ''
  let bare = ''
  let expected: Uint8Array | undefined

  const checkList = async (backend: CryptoBackend, listHash: string | undefined): Promise<void> => {
    if (listHash === undefined) {
      if (options.listHashRequired) refuse(name, 'channel-binding', 'no channel binding in common')
    } else if (advertised !== undefined && toBase64(await backend.digest(hash, utf8(advertised))) !== listHash) {
      refuse(name, 'downgrade', 'the list of mechanisms was changed on its way')
    }
  }

  return exchange(name, binding, {
    async first() {
      header = await gs2Header(binding ? `p=${binding.type}` : `${options.binding}`, credentials.authzid, name)
      bare = `n=${escapeName(await saslprep(credentials.username ?? '', 'the username', name))},r=${nonce}`
      return utf8(header + bare)
    },
    async answer(data) {
      const text = decodeText(data)
      const first = parseServerFirst(text, nonce, name)
      const backend = options.backend ?? (await loadBackend())
      await checkList(backend, first.listHash)
      const bound = toBase64(concat(utf8(header), binding?.data ?? new Uint8Array()))
      const final = `c=${bound},r=${first.nonce}`
      const message = utf8(`${bare},${text},${final}`)
      const password = await reveal(credentials.password ?? '')
      const keys = await deriveKeys(backend, hash, password, first.salt, first.iterations)
      expected = await backend.hmac(hash, keys.serverKey, message)
      const signature = await backend.hmac(hash, keys.storedKey, message)
      const proof = xor(keys.clientKey, signature)
      for (const secret of [...Object.values(keys), signature]) secret.fill(0)
      return utf8(`${final},p=${toBase64(proof)}`)
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
