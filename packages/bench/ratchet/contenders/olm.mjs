import Olm from '@matrix-org/olm'

await Olm.init()

/** Its sessions live in the memory of its module; nothing is stored beside that. */
class Device {
  account = new Olm.Account()
  sessions = new Map()

  constructor() {
    this.account.create()
  }

  bundle() {
    this.account.generate_one_time_keys(1)
    const key = Object.values(JSON.parse(this.account.one_time_keys()).curve25519)[0]
    this.account.mark_keys_as_published()
    return { identity: JSON.parse(this.account.identity_keys()).curve25519, key }
  }

  begin(name, { identity, key }) {
    const session = new Olm.Session()
    session.create_outbound(this.account, identity, key)
    this.sessions.set(name, session)
  }

  encrypt(name, text) {
    return this.sessions.get(name).encrypt(text)
  }

  decrypt(name, { type, body }) {
    if (!this.sessions.has(name)) {
      const session = new Olm.Session()
      session.create_inbound(this.account, body)
      this.sessions.set(name, session)
    }
    return this.sessions.get(name).decrypt(type, body)
  }
}

export const contender = { createDevice: () => new Device(), text: (size) => '7'.repeat(size) }
