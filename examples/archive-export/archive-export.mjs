// Writes the archive of an account as one JSON object per line, oldest first.
// XMPP_JID=me@example.org XMPP_PASSWORD=… node archive-export.mjs [with@example.org] >archive.jsonl
import { createClient, disco, Jid, mam } from 'couplet'

const { XMPP_JID: jid = '', XMPP_PASSWORD: password, XMPP_SERVICE: service } = process.env
const [partner] = process.argv.slice(2)
const client = createClient({ jid, password, service, presence: false, plugins: [disco(), mam()] })
await client.online()

let count = 0
for await (const { id, stamp, message } of client.mam.query(partner ? { with: Jid.parse(partner) } : {})) {
  const { from, to, type, body } = message
  console.log(JSON.stringify({ id, stamp, from, to, type, body }))
  count++
}
console.error(`${count} messages`)
await client.close()
