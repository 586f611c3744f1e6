import { fork } from 'node:child_process'
import { startLoopback } from '@couplet/testing'
import { Ledger } from './ledger.mjs'

/** Milliseconds after the last message in which all that are under way have to arrive. */
const settleLimit = 30_000

const domain = 'localhost'
const users = { alice: 'password-of-alice', bob: 'password-of-bob' }

/** Starts a client in a process of its own and resolves when it is online. */
async function startClient(name, other, service, ca) {
  const options = { jid: `${name}@${domain}`, password: users[name], to: `${other}@${domain}`, service, ca }
  const child = fork(new URL('./soak-client.mjs', import.meta.url), [JSON.stringify(options)])
  const failed = new Promise((_, reject) => {
    child.on('exit', (code) => reject(new Error(`${name} ended with code ${code}`)))
  })
  failed.catch(() => {}) // reported by whoever waits for an answer
  const ask = (question, answer) => {
    const answered = new Promise((resolve) => {
      const listener = (message) => {
        if (message.type !== answer) return
        child.off('message', listener)
        resolve(message)
      }
      child.on('message', listener)
    })
    if (question !== undefined) child.send(question)
    return Promise.race([answered, failed])
  }
  await ask(undefined, 'online')
  return { name, ask, kill: () => child.kill('SIGKILL') }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** What each has got of what the other has sent; waits until that is all, or no longer than the limit. */
async function settle(clients) {
  const sent = await Promise.all(clients.map(({ ask }) => ask('stop', 'sent')))
  const deadline = performance.now() + settleLimit
  for (;;) {
    const received = await Promise.all(clients.map(({ ask }) => ask('report', 'received')))
    const complete = received.every(({ ledger }, i) => ledger.next >= sent[1 - i].count)
    if (complete || performance.now() > deadline) return { sent, received }
    await sleep(50)
  }
}

/** Two clients send each other numbered messages. Returns how many of the four checks held and how many did not. */
export async function soak({ short, minutes }) {
  const seconds = minutes === undefined ? (short ? 5 : 600) : Number(minutes) * 60
  const server = await startLoopback({ domain, users })
  const clients = []
  try {
    const services = await server.listen({ tls: true })
    for (const [name, other] of [
      ['alice', 'bob'],
      ['bob', 'alice'],
    ]) {
      clients.push(await startClient(name, other, services.tls.href, server.ca))
    }
    await Promise.all(clients.map(({ ask }) => ask('start', 'started')))
    await sleep(seconds * 1000)
    return report(clients, await settle(clients), seconds)
  } finally {
    for (const client of clients) client.kill()
    await server.stop()
  }
}

function report(clients, { sent, received }, seconds) {
  const total = { lost: 0, duplicate: 0, unordered: 0, failed: 0 }
  for (const [i, { name }] of clients.entries()) {
    const ledger = Ledger.from(received[i].ledger)
    const verdict = ledger.verdict(sent[1 - i].count)
    const { count, failed, heapMb } = sent[i]
    console.log(`${name}: sent ${count}, ${failed} not acknowledged; got ${ledger.total}, ${JSON.stringify(verdict)}`)
    console.log(`${name}: heap ${heapMb.join(' → ')} MB`)
    for (const key of Object.keys(verdict)) total[key] += verdict[key]
    total.failed += failed
  }
  const count = sent[0].count + sent[1].count
  console.log(`${count} messages in ${seconds} s: ${JSON.stringify(total)}`)
  const bad = Object.values(total).filter((value) => value > 0).length + (count === 0 ? 1 : 0)
  return { passed: Math.max(0, 4 - bad), failed: bad }
}
