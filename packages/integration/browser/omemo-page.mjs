// A page with encrypted chats whose keys are in IndexedDB; the test calls `omemoPage`.
import { caps } from '@couplet/caps'
import { carbons } from '@couplet/carbons'
import { createClient } from '@couplet/client'
import { disco } from '@couplet/disco'
import { indexedDbStore } from '@couplet/indexeddb-store'
import { omemo } from '@couplet/omemo'
import { pep } from '@couplet/pep'
import { pubsub } from '@couplet/pubsub'
import { webSocket } from '@couplet/websocket'

const violations = []
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  violations.push(`${violatedDirective} ${blockedURI}`)
})

/** By name: the client, what it has read, and what it could not read. */
const users = new Map()

/** Logs in, with what is restored from a backup if there is one; with the device when others can write to it. */
const open = async (name, { account, service, versions, database, backup }) => {
  const client = createClient({
    ...account,
    service,
    store: indexedDbStore(database),
    transports: [webSocket()],
    plugins: [
      disco(),
      caps(),
      pubsub(),
      pep(),
      carbons(),
      omemo({ versions, automatic: backup === undefined, policy: { staleAfter: 10_000 } }),
    ],
  })
  const user = { client, messages: [], outcomes: [], errors: [], wake: () => {} }
  users.set(name, user)
  client.on('error', (error) => user.errors.push(String(error)))
  client.omemo.follow(client)
  client.omemo.onMessage(({ body, device, trust }) => {
    user.messages.push({ body, version: device.version, trust })
    user.wake()
  })
  client.omemo.onOutcome(({ status, reason }) =>
    user.outcomes.push(reason === undefined ? status : `${status} ${reason}`),
  )
  await client.online()
  if (backup !== undefined) await client.omemo.backup.import(Uint8Array.from(backup.bytes), backup)
  await client.omemo.enable()
  const { deviceId, fingerprint } = await client.omemo.self()
  return { jid: String(client.jid), deviceId, fingerprint }
}

/** Encrypts all of them at once; resolves when the server has them, with what could not read them. */
const send = async (name, to, bodies) => {
  const { client } = users.get(name)
  const sent = await Promise.all(bodies.map((body) => client.omemo.send({ to, body })))
  await Promise.all(sent.map(({ acked }) => acked))
  return sent.flatMap(({ excluded, errors }) => [...excluded, ...errors.map(({ error }) => String(error))])
}

/** What was read, as soon as it is that many; and what has become of everything else. */
const heard = async (name, count) => {
  const user = users.get(name)
  while (user.messages.length < count) {
    await new Promise((resolve) => {
      user.wake = resolve
    })
  }
  return look(name)
}

/** A backup as numbers. */
const keep = async (name, passphrase) => [...(await users.get(name).client.omemo.backup.export({ passphrase }))]

const look = (name) => {
  const { messages, outcomes, errors } = users.get(name)
  return { messages, errors, failures: outcomes.filter((outcome) => outcome.startsWith('failed')) }
}

const attempt = async (work) => {
  try {
    await work()
    return 'allowed'
  } catch (error) {
    return error.name
  }
}

/** What the page may do, which is tried, and what it was kept from before. */
const policy = async () => {
  const before = [...violations]
  // What the browser's tools have called may do anything, what a timer calls may not.
  await new Promise((resolve) => setTimeout(resolve))
  const code = await attempt(() => new Function('return 1')())
  const wasm = await attempt(() => WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)))
  return { violations: before, code, wasm }
}

globalThis.omemoPage = { open, send, heard, keep, look, policy }
