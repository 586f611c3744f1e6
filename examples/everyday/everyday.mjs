// What clients do every day, a function each. A test counts their lines, and runs them on real servers.
import {
  avatar,
  blocking,
  caps,
  contactPresence,
  createClient,
  disco,
  fileMessage,
  httpUpload,
  mam,
  muc,
  pep,
  pubsub,
  roster,
} from 'couplet'

/**
 * The client of all of them.
 *
 * @param {Omit<import('couplet').ClientOptions, 'plugins'>} options
 * @param {import('couplet').HttpUploadOptions} [upload]
 */
export function open(options, upload) {
  const about = /** @type {const} */ ([disco({ answer: 'contacts' }), caps(), pubsub(), pep(), avatar()])
  const contacts = /** @type {const} */ ([roster(), contactPresence(), blocking(), ...about])
  return createClient({ ...options, plugins: [...contacts, mam(), muc(), httpUpload(upload)] })
}

/** @typedef {ReturnType<typeof open>} EverydayClient */

/** Contacts with live presence. @param {EverydayClient} client @param {(line: string) => void} show */
export function contacts(client, show) {
  const list = client.roster
  client.presence.onChange((jid, [best]) => show(`${list.get(jid)?.name ?? jid}: ${best ? 'here' : 'away'}`))
  list.onChange(({ contact: { jid, name } }) => show(`${name ?? jid}: ${client.presence.of(jid)[0] ? 'here' : 'away'}`))
}

/** Joins a room, and answers. @param {EverydayClient} client @param {string} address */
export async function answerIn(client, address) {
  const room = await client.muc.join(address, { nick: 'echo' })
  room.onMessage((said) => void (said.isOwn || said.isHistory || said.reply(said.body ?? 'What?')))
}

/** Pages through the archive. @param {EverydayClient} client @param {(body: string | undefined) => void} show */
export async function history(client, show) {
  for await (const { message } of client.mam.query({ last: 50 })) show(message.body)
}

/** Publishes a status. @param {EverydayClient} client */
export function publishStatus(client) {
  client.presence.set({ show: 'dnd', status: 'busy until noon' })
}

/** The avatar of a contact. @param {EverydayClient} client @param {string} contact */
export async function avatarOf(client, contact) {
  return await client.avatar.of(contact)
}

/** Uploads a file, and sends it. @param {EverydayClient} client @param {string} to @param {Blob} file */
export async function sendFile(client, to, file) {
  const uploaded = await client.httpUpload.upload(file, { name: 'notes.txt' })
  await client.send(fileMessage({ to, type: 'chat' }, uploaded)).acked
}

/** Blocks somebody. @param {EverydayClient} client @param {string} pest */
export async function block(client, pest) {
  await client.blocking.block(pest)
}
