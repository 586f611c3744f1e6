import libsignal from '@privacyresearch/libsignal-protocol-typescript'

const { KeyHelper, SessionBuilder, SessionCipher, SignalProtocolAddress } = libsignal

// It logs some of its steps, which is not what is measured.
console.log = () => {}

/** The interface it asks for, in memory. */
class Store {
  sessions = new Map()
  identities = new Map()
  getIdentityKeyPair = async () => this.identity
  getLocalRegistrationId = async () => 1
  isTrustedIdentity = async () => true
  saveIdentity = async (address, key) => void this.identities.set(address, key)
  loadPreKey = async () => this.preKey
  storePreKey = async () => {}
  removePreKey = async () => {}
  loadSignedPreKey = async () => this.signedPreKey.keyPair
  storeSignedPreKey = async () => {}
  removeSignedPreKey = async () => {}
  loadSession = async (address) => this.sessions.get(address)
  storeSession = async (address, record) => void this.sessions.set(address, record)
}

const bytesOf = (binary) => Buffer.from(binary, 'binary')
const addressOf = (name) => new SignalProtocolAddress(name, 1)

class Device {
  store = new Store()
  ciphers = new Map()

  bundle() {
    const { identity, preKey, signedPreKey } = this.store
    return {
      registrationId: 1,
      identityKey: identity.pubKey,
      signedPreKey: { keyId: 1, publicKey: signedPreKey.keyPair.pubKey, signature: signedPreKey.signature },
      preKey: { keyId: 1, publicKey: preKey.pubKey },
    }
  }

  async begin(address, bundle) {
    await new SessionBuilder(this.store, addressOf(address)).processPreKey(bundle)
  }

  cipher(address) {
    const known = this.ciphers.get(address)
    if (known) return known
    const cipher = new SessionCipher(this.store, addressOf(address))
    this.ciphers.set(address, cipher)
    return cipher
  }

  encrypt(address, text) {
    return this.cipher(address).encrypt(text)
  }

  async decrypt(address, { type, body }) {
    const cipher = this.cipher(address)
    const buffer = bytesOf(body)
    const data = buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length)
    const plain = type === 3 ? cipher.decryptPreKeyWhisperMessage(data) : cipher.decryptWhisperMessage(data)
    return new Uint8Array(await plain)
  }
}

export const contender = {
  text: (size) => new Uint8Array(size).fill(7).buffer,
  async createDevice() {
    const device = new Device()
    device.store.identity = await KeyHelper.generateIdentityKeyPair()
    device.store.preKey = (await KeyHelper.generatePreKey(1)).keyPair
    device.store.signedPreKey = await KeyHelper.generateSignedPreKey(device.store.identity, 1)
    return device
  },
}
