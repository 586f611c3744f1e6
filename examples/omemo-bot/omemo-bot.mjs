// Keeps notes for whoever writes to it, all of it end-to-end encrypted: a text is noted, "notes" reads them out.
// XMPP_JID=bot@example.org XMPP_PASSWORD=… XMPP_STATE=./bot.json [XMPP_SERVICE=…] node omemo-bot.mjs
import { fileStore } from '@couplet/file-store'
import { omemo } from '@couplet/omemo'
import { caps, carbons, createClient, disco, mam, pep, pubsub, roster } from 'couplet'

const { XMPP_JID: jid = '', XMPP_PASSWORD: password, XMPP_SERVICE: service, XMPP_STATE = 'bot.json' } = process.env
const store = fileStore(XMPP_STATE)
const contacts = /** @type {const} */ ([roster(), disco({ answer: 'contacts' }), caps(), pubsub(), pep()])
const plugins = /** @type {const} */ ([...contacts, carbons(), mam({ catchUp: true }), omemo({ label: 'Notes' })])
const client = createClient({ jid, password, service, store, plugins })
/** @type {Map<string, string[]>} */
const notes = new Map()

// What was sent while the bot was away comes as well, and each text comes once.
client.omemo.follow(client)
client.omemo.onMessage(async (message) => {
  const { from, body, device, trust } = message
  if (body === undefined || from.equals(client.account)) return
  const mine = notes.get(String(from)) ?? []
  if (body === 'notes') await message.reply(mine.join('\n') || 'Nothing yet.')
  else if (body === 'key') await message.reply((await client.omemo.self()).fingerprint ?? '')
  else {
    notes.set(String(from), [...mine, body])
    await message.reply(`Noted. It came in ${device.version} from a key that is ${trust}.`)
  }
})
client.omemo.onOutcome((outcome) => {
  if (outcome.status === 'failed') console.log('could not be read:', outcome.reason)
})
client.on('error', (error) => console.error(error))

await client.online()
await client.omemo.enable()
console.log(`online as ${client.jid}, key ${(await client.omemo.self()).fingerprint}`)
process.once('SIGTERM', async () => {
  await client.close()
  await store.close()
})
