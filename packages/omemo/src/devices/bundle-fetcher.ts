import type { CallOptions } from '@couplet/client'
import type { Pep } from '@couplet/pep'
import type { CryptoBackend } from '../crypto/backend.js'
import { type CheckedBundle, verifyBundle } from '../crypto/x3dh.js'
import { OmemoError } from '../omemo-error.js'
import type { Version } from '../wire/version.js'

/** Gets the bundles of devices and checks all of them. Nothing is kept: a prekey is for one session (XEP-0384 §6). */
export class BundleFetcher {
  readonly #pep: Pick<Pep, 'get'>
  readonly #backend: CryptoBackend

  constructor(pep: Pick<Pep, 'get'>, backend: CryptoBackend) {
    this.#pep = pep
    this.#backend = backend
  }

  /**
   * Gets a bundle.
   *
   * @throws OmemoError `no-bundle` if there is none, `bad-bundle` and `bad-key` for one that cannot be used
   * @throws StanzaError if the server does not let us read it
   */
  async fetch(version: Version, jid: string, deviceId: number, { signal }: CallOptions = {}): Promise<CheckedBundle> {
    const { node, itemId } = version.bundle(deviceId)
    // One node per device holds one item, whatever it is called.
    const id = version.sharesBundleNode ? itemId : undefined
    const bundle = await this.#pep.get(node, { from: jid, id, signal }).catch((error: unknown) => {
      const { name } = error as { readonly name?: string }
      throw name === 'MalformedElementError' ? new OmemoError('bad-bundle', { cause: error }) : error
    })
    if (bundle === undefined) throw new OmemoError('no-bundle')
    const { signedPreKey, signature, identityKey, preKeys } = bundle
    return verifyBundle(this.#backend, version.profile, {
      identityKey,
      signedPreKey: { ...signedPreKey, signature },
      preKeys: preKeys.keys,
    })
  }
}
