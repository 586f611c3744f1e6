// Two bots talk over an XMPP server that runs inside this process: real sockets, real TLS, real SCRAM, no set-up.
import { startLoopback } from '@couplet/testing'
import { createClient, disco, mam, message, receipts, tcp } from 'couplet'

const server = await startLoopback({ domain: 'verona.example', users: { romeo: 'rose', juliet: 'moon' } })
const { tls: service } = await server.listen({ tls: true })
const transports = [tcp({ ca: server.ca })]

const romeo = createClient({
  jid: 'romeo@verona.example',
  password: 'rose',
  service,
  transports,
  plugins: [disco(), mam(), receipts()],
})
const juliet = createClient({ jid: 'juliet@verona.example', password: 'moon', service, transports })
await Promise.all([romeo.online(), juliet.online()])
console.log(`${romeo.jid} and ${juliet.jid} are online at ${service}\n`)

const answers = ['How cam’st thou hither, tell me, and wherefore?', 'By whose direction found’st thou out this place?']
juliet.onMessage(async (line) => {
  const answer = answers.shift()
  if (line.body && answer) await line.reply(answer).acked
})

const lines = ['With love’s light wings did I o’erperch these walls.', 'By love, that first did prompt me to inquire.']
const talk = new Promise((resolve) => {
  romeo.onMessage(async (line) => {
    console.log(`juliet: ${line.body}`)
    const next = lines.shift()
    if (!next) return
    console.log(`romeo:  ${next}`)
    await line.reply(next).acked
    if (lines.length === 0) resolve(undefined)
  })
})
const first = 'Call me but love, and I’ll be new baptized.'
console.log(`romeo:  ${first}`)
await romeo.send(message({ to: juliet.account, type: 'chat', body: first })).acked
await talk

let archived = 0
for await (const _ of romeo.mam.query({ with: juliet.account })) archived++
console.log(`\nThe server has archived ${archived} messages. Goodbye.`)
await Promise.all([romeo.close(), juliet.close()])
await server.stop()
