import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testAuthority } from '@couplet/testing'
import { message } from './child-message.mjs'
import { domain } from './traffic.mjs'

/** A scripted server in a process of its own, and what others need to log in to it. */
export class ScriptedHost {
  #authority = testAuthority()
  #folder = mkdtempSync(join(tmpdir(), 'couplet-bench-'))
  #ports
  /** The process, from {@link start} on. */
  server

  /** @param script the file of the server */
  async start(script, options = {}) {
    writeFileSync(this.caFile, this.ca)
    const certificate = this.#authority.certificate({ names: [domain] })
    this.server = fork(script, [JSON.stringify({ ...certificate, ...options })])
    this.#ports = await message(this.server, (value) => typeof value === 'object')
  }

  /** The certificate of the authority that has signed the server's. */
  get ca() {
    return this.#authority.ca
  }

  get caFile() {
    return join(this.#folder, 'ca.pem')
  }

  /** The one way to trust an authority that every client for Node has. */
  get env() {
    return { ...process.env, NODE_EXTRA_CA_CERTS: this.caFile, NODE_NO_WARNINGS: '1' }
  }

  /** Where a client logs in over `tcp` or `ws`. */
  serviceOf(transport) {
    const { tls, wss } = this.#ports
    return transport === 'tcp' ? `xmpps://${domain}:${tls}` : `wss://${domain}:${wss}/xmpp`
  }

  stop() {
    this.server?.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
