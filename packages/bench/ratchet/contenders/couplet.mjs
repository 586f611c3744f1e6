// The sessions stay parsed; each operation commits the encoded session to a store in memory before its result is used.

/** A contender of our own cryptography with one of its backends. */
export function coupletWith(crypto, backend) {
  const { encrypt, decrypt, parseMessage, encodeSession, legacyProfile: profile } = crypto

  class Device {
    identity = crypto.generateIdentity(backend)
    signedPreKey = crypto.generateKeyPair(backend)
    preKey = crypto.generateKeyPair(backend)
    store = new Map()
    sessions = new Map()

    commit(address, session) {
      this.store.set(address, encodeSession(session))
      this.sessions.set(address, session)
    }

    bundle() {
      const publicKey = profile.encodeKey(this.signedPreKey.publicKey)
      return {
        identityKey: profile.encodeIdentity(this.identity),
        signedPreKey: { id: 1, publicKey, signature: crypto.sign(backend, profile, this.identity, publicKey) },
        preKeys: [{ id: 1, publicKey: profile.encodeKey(this.preKey.publicKey) }],
      }
    }

    begin(address, received) {
      const bundle = crypto.verifyBundle(backend, profile, received)
      const { identity } = this
      this.commit(address, crypto.initiate(backend, profile, { identity, bundle, preKeyId: 1 }))
    }

    encrypt(address, text) {
      const { session, bytes } = encrypt(backend, profile, this.sessions.get(address), text)
      this.commit(address, session)
      return bytes
    }

    decrypt(address, bytes) {
      const parsed = parseMessage(profile, bytes)
      const { identity, signedPreKey, preKey } = this
      const session =
        this.sessions.get(address) ??
        crypto.respond(backend, profile, { identity, signedPreKey, preKey, exchange: parsed })
      const result = decrypt(backend, profile, session, parsed.kind === 'message' ? parsed : parsed.message)
      this.commit(address, result.session)
      return result.plaintext
    }
  }

  return { createDevice: () => new Device(), text: (size) => new Uint8Array(size).fill(7) }
}
