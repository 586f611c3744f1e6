import { randomBytes } from 'node:crypto'
import { type Certificate, issueClientCertificate } from './certificates.js'
import type { ServerDriver } from './driver.js'
import { ejabberd } from './ejabberd.js'
import { prosody } from './prosody.js'
import type { ServerInfo, ServerProfile } from './server-catalog.js'

/** An account with what is needed to log in. */
export interface Account {
  /** Bare JID. */
  readonly jid: string
  readonly password: string
}

/** A running server, with what tests may do to it while other tests use it too. */
export interface LabServer extends ServerInfo {
  /** Creates an account in a few milliseconds; with a random name on the main host, or a random password, if omitted. */
  createUser(jid?: string, password?: string): Promise<Account>
  /** Ends the sessions of a bare or full JID: by a clean end of the stream (Prosody) or a stream error (ejabberd). */
  kick(jid: string): Promise<void>
  /** Closes the TCP connection of a full JID without a word; its session can be resumed. Not on ejabberd. */
  dropConnection?(fullJid: string): Promise<void>
  /** Issues a client certificate for a bare JID at `hosts.external`, for SASL EXTERNAL. */
  clientCertificate(jid: string): Promise<Certificate>
}

/** The driver of a kind of server. */
export const driverOf = ({ kind }: Pick<ServerProfile, 'kind'>): ServerDriver =>
  kind === 'prosody' ? prosody : ejabberd

/** Gives plain data about a running server, for example from another process, its methods. */
export const labServer = (info: ServerInfo): LabServer => {
  const driver = driverOf(info)
  return {
    ...info,
    async createUser(
      jid = `u${randomBytes(6).toString('hex')}@${info.domain}`,
      password = randomBytes(12).toString('hex'),
    ) {
      const [, local, host] = /^([^@/]+)@([^@/]+)$/.exec(jid) ?? []
      if (!local || !host) throw new TypeError(`not the bare JID of an account: ${jid}`)
      await driver.createAccount(info, local, host, password)
      return { jid, password }
    },
    kick: (jid) => driver.kick(info, jid),
    ...(driver.dropConnection && { dropConnection: (jid: string) => driver.dropConnection!(info, jid) }),
    clientCertificate: (jid) => issueClientCertificate(info.certificates, jid),
  }
}
