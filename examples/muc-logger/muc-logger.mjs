// Writes down what is said in a room, one line of JSON each, and tells whoever asks !seen when somebody spoke last.
// XMPP_JID=bot@example.org XMPP_PASSWORD=… XMPP_ROOM=cave@rooms.example.org [XMPP_SERVICE=…] node muc-logger.mjs >> log
import { createClient, muc } from 'couplet'

const { XMPP_JID: jid = '', XMPP_PASSWORD: password, XMPP_SERVICE: service, XMPP_ROOM: address = '' } = process.env
const client = createClient({ jid, password, service, plugins: [muc()] })
await client.online()

const room = await client.muc.join(address, { nick: 'scribe' })
/** @type {Map<string, Date>} */
const seen = new Map()
/** @param {object} line */
const write = (line) => console.log(JSON.stringify(line))

room.onMessage((message) => {
  const { nick, body, stamp, isOwn, isHistory } = message
  if (nick === undefined || body === undefined) return
  write({ stamp, nick, body })
  const [, who] = /^!seen (.+)$/.exec(body) ?? []
  // What was said while the bot was away is written down, but not answered.
  if (who !== undefined && !isOwn && !isHistory) {
    const last = seen.get(who)
    message.reply(last ? `${who} spoke at ${last.toISOString()}` : `${who} has said nothing yet`)
  }
  seen.set(nick, stamp)
})
room.onSubject(({ subject, nick, stamp }) => write({ stamp, nick, subject }))
room.onEvent((event) => write({ stamp: new Date(), event: event.type }))

process.once('SIGTERM', async () => {
  await room.leave('until later')
  await client.close()
})
