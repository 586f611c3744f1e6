import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { jid, password } from '../throughput/traffic.mjs'
import { nick, pageSize, room } from './contents.mjs'

/** That of Debian, whose packages another Python does not see. */
const python = '/usr/bin/python3'
const script = fileURLToPath(new URL('clients/slixmpp_client.py', import.meta.url))

/** The versions, as in `slixmpp 1.8.3, Python 3.11.2`; `undefined` where it is not installed. */
export function slixmppVersion() {
  const code = 'import platform, slixmpp; print(f"slixmpp {slixmpp.__version__}, Python {platform.python_version()}")'
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** Starts a client that speaks with this process as one for Node does. */
export function startSlixmpp({ service, caFile, feature, traced }, env) {
  const options = { port: Number(new URL(service).port), caFile, feature, traced, jid, password, room, nick, pageSize }
  return spawn(python, [script, JSON.stringify(options)], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}
