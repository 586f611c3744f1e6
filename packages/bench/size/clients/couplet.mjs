import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { muc } from '@couplet/muc'
import { roster } from '@couplet/roster'
import { tcp } from '@couplet/tcp'
import { webSocket } from '@couplet/websocket'
import { jid, password } from '../../throughput/traffic.mjs'
import { nick, pageSize, room } from '../contents.mjs'

function clientWith(plugins, { transport, service, ca }) {
  const transports = [transport === 'tcp' ? tcp({ ca }) : webSocket({ ca })]
  return createClient({ jid, password, dangerouslyAllowPlain: true, service, transports, reconnect: false, plugins })
}

const features = {
  /** The roster is there when the client is online. */
  roster(options, seen) {
    const client = clientWith([roster()], options)
    const read = async () => {
      await client.online()
      for (const contact of client.roster.contacts.values()) {
        seen.add([contact.jid.toString(), contact.name], contact.groups.length)
      }
      return client
    }
    return { done: read() }
  },

  async room(options, seen) {
    const client = clientWith([muc()], options)
    await client.online()
    const read = async () => {
      const joined = await client.muc.join(room, { nick })
      await new Promise((resolve) => joined.onSubject(resolve))
      for (const occupant of joined.occupants.values()) {
        seen.add([occupant.nick, occupant.jid.toString()], Number(occupant.role === 'moderator'))
      }
      return { client, joined }
    }
    return { done: read() }
  },

  async archive(options, seen) {
    const client = clientWith([disco(), mam()], options)
    await client.online()
    const read = async () => {
      for await (const { id, stamp, message } of client.mam.query({ pageSize })) {
        seen.add([id, message.body], stamp.getTime() / 60_000)
      }
      return client
    }
    return { done: read() }
  },
}

/** Logs in and asks; `done` resolves to what is to be kept, when everything was read. */
export const ask = async (options, seen) => features[options.feature](options, seen)
