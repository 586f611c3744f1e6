// Sends every text back. XMPP_JID=bot@example.org XMPP_PASSWORD=… [XMPP_SERVICE=xmpps://host:5223] node echo-bot.mjs
import { createClient } from 'couplet'

const { XMPP_JID: jid = '', XMPP_PASSWORD: password, XMPP_SERVICE: service } = process.env
const client = createClient({ jid, password, service })

client.onMessage(async (message) => {
  if (message.body) await message.reply(message.body).acked
})

await client.online()
console.log(`online as ${client.jid}`)
process.once('SIGTERM', () => client.close())
