// Sends the files of one folder to contacts who ask: "list", or "send NAME".
// XMPP_JID=bot@example.org XMPP_PASSWORD=… XMPP_FOLDER=./files [XMPP_SERVICE=…] node upload-bot.mjs
import { openAsBlob } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, disco, fileMessage, httpUpload, roster } from 'couplet'

const { XMPP_JID: jid = '', XMPP_PASSWORD: password, XMPP_SERVICE: service, XMPP_FOLDER: folder = '.' } = process.env
const client = createClient({ jid, password, service, plugins: [disco(), httpUpload(), roster()] })

/** The names of the files; whoever asks for another name, such as a path, asks for none of them. */
const names = async () =>
  (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name)

client.onMessage(async (message) => {
  const { from, body, provenance } = message
  // Whoever sees our presence is somebody we know; strangers, rooms and old messages get no answer.
  const { subscription = 'none' } = (from && client.roster.get(from)) ?? {}
  if (from === undefined || body === undefined || provenance !== 'live') return
  if (message.type === 'groupchat' || (subscription !== 'both' && subscription !== 'from')) return
  const [, name] = /^send (.+)$/.exec(body) ?? []
  const files = await names()
  if (body === 'list') message.reply(files.join('\n') || 'There is nothing.')
  else if (name === undefined) message.reply('Say "list", or "send" and a name.')
  else if (!files.includes(name)) message.reply(`There is no "${name}".`)
  else {
    try {
      const signal = AbortSignal.timeout(60_000)
      const file = await client.httpUpload.upload(await openAsBlob(join(folder, name)), { name, signal })
      await client.send(fileMessage({ to: from, type: 'chat' }, file)).acked
    } catch (error) {
      console.error(error)
      message.reply(`"${name}" could not be sent.`)
    }
  }
})

await client.online()
console.log(`online as ${client.jid}`)
process.once('SIGTERM', () => client.close())
