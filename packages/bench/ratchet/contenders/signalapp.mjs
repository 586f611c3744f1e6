import * as signal from '@signalapp/libsignal-client'

/** As its own tests do it: the session is kept as bytes. */
class Sessions extends signal.SessionStore {
  records = new Map()
  async saveSession(address, record) {
    this.records.set(address.toString(), record.serialize())
  }
  async getSession(address) {
    const bytes = this.records.get(address.toString())
    return bytes === undefined ? null : signal.SessionRecord.deserialize(bytes)
  }
  async getExistingSessions() {
    return []
  }
}

class Identities extends signal.IdentityKeyStore {
  key = signal.PrivateKey.generate()
  known = new Map()
  async getIdentityKey() {
    return this.key
  }
  async getLocalRegistrationId() {
    return 1
  }
  async isTrustedIdentity() {
    return true
  }
  async saveIdentity(address, key) {
    this.known.set(address.toString(), key)
    return false
  }
  async getIdentity(address) {
    return this.known.get(address.toString()) ?? null
  }
}

class PreKeys extends signal.PreKeyStore {
  async savePreKey() {}
  async getPreKey() {
    return this.record
  }
  async removePreKey() {}
}

class SignedPreKeys extends signal.SignedPreKeyStore {
  async saveSignedPreKey() {}
  async getSignedPreKey() {
    return this.record
  }
}

class KyberPreKeys extends signal.KyberPreKeyStore {
  async saveKyberPreKey() {}
  async getKyberPreKey() {
    throw new Error('none')
  }
  async markKyberPreKeyUsed() {}
}

class Device {
  sessions = new Sessions()
  identities = new Identities()
  preKeys = new PreKeys()
  signedPreKeys = new SignedPreKeys()
  kyberPreKeys = new KyberPreKeys()
  addresses = new Map()

  constructor() {
    const preKey = signal.PrivateKey.generate()
    const signed = signal.PrivateKey.generate()
    this.signature = this.identities.key.sign(signed.getPublicKey().serialize())
    this.preKeys.record = signal.PreKeyRecord.new(1, preKey.getPublicKey(), preKey)
    this.signedPreKeys.record = signal.SignedPreKeyRecord.new(1, 0, signed.getPublicKey(), signed, this.signature)
  }

  address(name) {
    const known = this.addresses.get(name) ?? signal.ProtocolAddress.new(name, 1)
    this.addresses.set(name, known)
    return known
  }

  bundle() {
    const { signature, preKeys, signedPreKeys, identities } = this
    const identity = identities.key.getPublicKey()
    return signal.PreKeyBundle.new(
      1,
      1,
      1,
      preKeys.record.publicKey(),
      1,
      signedPreKeys.record.publicKey(),
      signature,
      identity,
    )
  }

  begin(name, bundle) {
    return signal.processPreKeyBundle(bundle, this.address(name), this.sessions, this.identities)
  }

  async encrypt(name, text) {
    const message = await signal.signalEncrypt(text, this.address(name), this.sessions, this.identities)
    return { type: message.type(), body: message.serialize() }
  }

  async decrypt(name, { type, body }) {
    const { sessions, identities, preKeys, signedPreKeys, kyberPreKeys } = this
    const address = this.address(name)
    if (type !== signal.CiphertextMessageType.PreKey) {
      return signal.signalDecrypt(signal.SignalMessage.deserialize(body), address, sessions, identities)
    }
    const message = signal.PreKeySignalMessage.deserialize(body)
    return signal.signalDecryptPreKey(message, address, sessions, identities, preKeys, signedPreKeys, kyberPreKeys)
  }
}

export const contender = { createDevice: () => new Device(), text: (size) => Buffer.alloc(size, 7) }
