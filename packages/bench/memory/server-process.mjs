// The loopback server, in a process of its own. Usage (forked by suite.mjs): server-process.mjs '{"users": 250}'
import { startLoopback, testAuthority } from '@couplet/testing'
import { domain, passwordOf, userOf } from './accounts.mjs'

const { users } = JSON.parse(process.argv[2])
const accounts = Object.fromEntries(Array.from({ length: users }, (_, i) => [userOf(i), passwordOf(i)]))
const authority = testAuthority()
const server = await startLoopback({ domain, users: accounts, authority })
const { tls, websocket } = await server.listen({ tls: true, websocket: true })

process.on('message', () => process.send({ sessions: server.sessions.length }))
process.on('disconnect', () => process.exit(0))
process.send({ tls: tls.href, ws: websocket.href, ca: authority.ca })
