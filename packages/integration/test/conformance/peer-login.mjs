// Logs in with @xmpp/client, as often as it is told to, and says so each time.
// Usage: fork with the service, domain, user name and password; NODE_EXTRA_CA_CERTS names the authority.
import dns from 'node:dns'
import { client as createClient } from '@xmpp/client'

const [service, domain, username, password] = process.argv.slice(2)

// The certificate is checked against the host of the service, so that has to be the domain; it is found here.
dns.lookup = (_name, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)

const client = createClient({ service, domain, username, password })
client.reconnect.stop()
client.on('error', (error) => process.send({ failed: String(error) }))
process.on('message', async (message) => {
  if (message === 'stop') await client.stop()
  else await client.start()
  process.send(message === 'stop' ? 'offline' : 'online')
})
process.on('disconnect', () => process.exit())
process.send('ready')
