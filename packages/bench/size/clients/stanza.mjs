import { createClient } from 'stanza'
import { jid, password } from '../../throughput/traffic.mjs'
import { nick, pageSize, room } from '../contents.mjs'

async function connect(service) {
  const transports = { websocket: service, bosh: false }
  const client = createClient({ jid, password, resource: 'bench', autoReconnect: false, transports })
  await new Promise((resolve, reject) => {
    client.on('session:started', resolve)
    client.on('auth:failed', () => reject(new Error('authentication failed')))
    client.on('disconnected', () => reject(new Error('disconnected')))
    client.connect()
  })
  client.sendPresence()
  return client
}

// What it hands to the application, the application keeps as it is.
const features = {
  async roster(client, seen) {
    const contacts = new Map()
    const { items } = await client.getRoster()
    for (const item of items) contacts.set(item.jid, item)
    for (const { jid: contact, name, groups } of contacts.values()) seen.add([contact, name], groups.length)
    return { client, contacts }
  },

  async room(client, seen) {
    const occupants = new Map()
    client.on('muc:available', (presence) => occupants.set(presence.from.slice(room.length + 1), presence))
    const subject = new Promise((resolve) => client.on('muc:topic', resolve))
    await client.joinRoom(room, nick)
    await subject
    for (const [occupant, { muc }] of occupants) seen.add([occupant, muc.jid], Number(muc.role === 'moderator'))
    return { client, occupants }
  },

  async archive(client, seen) {
    let after
    for (let complete = false; !complete; ) {
      const page = await client.searchHistory({ paging: { max: pageSize, after } })
      for (const { id, item } of page.results)
        seen.add([id, item.message.body], item.delay.timestamp.getTime() / 60_000)
      after = page.paging.last
      complete = page.complete === true
    }
    return { client }
  },
}

/** Logs in, over WebSocket, and asks; `done` resolves to what is to be kept, when everything was read. */
export async function ask({ service, feature }, seen) {
  const client = await connect(service)
  return { done: features[feature](client, seen) }
}
