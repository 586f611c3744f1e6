// What the bundlers bundle, and what runs in the browser: two users of one page talk.
import { createClient } from '@couplet/client'
import { receipts } from '@couplet/receipts'
import { webSocket } from '@couplet/websocket'

const open = async (account, service, transport, plugins) => {
  const client = createClient({ ...account, service, plugins, reconnect: false, transports: [transport()] })
  await client.online()
  return client
}

/** Logs two accounts in, sends a message that asks for a receipt, waits for both, and leaves. */
export const talk = async ({ service, accounts: [first, second] }, transport = webSocket) => {
  const romeo = await open(first, service, transport, [receipts()])
  const juliet = await open(second, service, transport, [receipts({ answer: () => true })])
  const heard = new Promise((resolve) => {
    juliet.onMessage((message) => resolve({ body: message.body, from: String(message.from) }))
  })
  const { handle, received } = romeo.receipts.send({ to: juliet.jid, type: 'chat', body: 'Hello from a bundle 👋' })
  await handle.acked
  const result = {
    jids: [String(romeo.jid), String(juliet.jid)],
    heard: await heard,
    receiptFrom: String(await received),
  }
  await Promise.all([romeo.close(), juliet.close()])
  return { ...result, states: [romeo.status.state, juliet.status.state] }
}
