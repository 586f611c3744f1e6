import { type Credentials, reveal } from './credentials.js'
import { concat, utf8 } from './encoding.js'
import { exchange } from './exchange.js'
import type { SaslMechanism } from './mechanism.js'
import { saslprep } from './saslprep.js'

/** PLAIN (RFC 4616): the password itself, so never outside verified TLS and only where the user allowed it. */
export function plain({ authzid, username = '', password = '' }: Credentials): SaslMechanism {
  const name = 'PLAIN'
  return exchange(name, undefined, {
    async first() {
      const acting = authzid ? await saslprep(authzid, 'the authzid', name) : ''
      const authcid = await saslprep(username, 'the username', name)
      const secret = utf8(await saslprep(await reveal(password), 'the password', name))
      const message = concat(utf8(`${acting}\0${authcid}\0`), secret)
      secret.fill(0)
      return message
    },
  })
}

/** EXTERNAL (RFC 4422 appendix A): the channel has authenticated us already. */
export function external({ authzid }: Credentials): SaslMechanism {
  const name = 'EXTERNAL'
  return exchange(name, undefined, {
    first: async () => utf8(authzid ? await saslprep(authzid, 'the authzid', name) : ''),
  })
}

/** ANONYMOUS (RFC 4505), without trace information: nobody needs to be told who is anonymous. */
export function anonymous(): SaslMechanism {
  return exchange('ANONYMOUS', undefined, { first: async () => new Uint8Array() })
}
