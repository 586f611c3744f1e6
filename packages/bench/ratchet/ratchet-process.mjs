// One contender, one job. Usage (forked by suite.mjs): ratchet-process.mjs '{"contender", "job", "crypto", "budget"}'
import { pathToFileURL } from 'node:url'
import { coupletWith } from './contenders/couplet.mjs'

const textSize = 32
const burst = 100
const chain = 2000
const devices = 200

const { contender: name, job, crypto, budget } = JSON.parse(process.argv[2])
const { createDevice, text: textOf } = await load()
const text = textOf(textSize)

async function load() {
  if (!name.startsWith('couplet')) return (await import(`./contenders/${name}.mjs`)).contender
  const module = await import(pathToFileURL(crypto).href)
  return coupletWith(module, name === 'couplet' ? module.platformBackend : module.nobleBackend)
}

function expectText(plaintext) {
  if ((plaintext.length ?? plaintext.byteLength) !== textSize) throw new Error('another text came out')
}

/** Alice and Bob, who have heard of each other. */
async function acquainted() {
  const [alice, bob] = [await createDevice(), await createDevice()]
  await alice.begin('bob', await bob.bundle())
  expectText(await bob.decrypt('alice', await alice.encrypt('bob', text)))
  expectText(await alice.decrypt('bob', await bob.encrypt('alice', text)))
  return { alice, bob }
}

async function pingPong() {
  const { alice, bob } = await acquainted()
  return {
    perRun: 2,
    async run() {
      expectText(await bob.decrypt('alice', await alice.encrypt('bob', text)))
      expectText(await alice.decrypt('bob', await bob.encrypt('alice', text)))
    },
  }
}

async function encryptBurst(count) {
  const { alice, bob } = await acquainted()
  const messages = []
  return {
    alice,
    bob,
    messages,
    perRun: count,
    async run() {
      for (let i = 0; i < count; i++) messages.push(await alice.encrypt('bob', text))
    },
    // Read and answered, so that each burst is a chain of its own, as in a conversation.
    async after() {
      for (const message of messages.splice(0)) expectText(await bob.decrypt('alice', message))
      expectText(await alice.decrypt('bob', await bob.encrypt('alice', text)))
    },
  }
}

async function decryptBurst(count) {
  const { alice, bob, messages } = await encryptBurst(count)
  return {
    perRun: count,
    async before() {
      for (let i = 0; i < count; i++) messages.push(await alice.encrypt('bob', text))
    },
    async run() {
      for (const message of messages.splice(0)) expectText(await bob.decrypt('alice', message))
    },
    async after() {
      expectText(await alice.decrypt('bob', await bob.encrypt('alice', text)))
    },
  }
}

async function setUp() {
  const alice = await createDevice()
  let bundle
  let round = 0
  return {
    perRun: 1,
    async before() {
      bundle = await (await createDevice()).bundle()
    },
    async run() {
      const address = `bob${round++}`
      await alice.begin(address, bundle)
      await alice.encrypt(address, text)
    },
  }
}

/** One message for each device; a run is one message to all, with sessions that are established. */
async function fanOut() {
  const alice = await createDevice()
  for (let i = 0; i < devices; i++) {
    process.send('preparing') // two hundred sessions take the slowest contender a while
    const device = await createDevice()
    await alice.begin(`device${i}`, await device.bundle())
    expectText(await device.decrypt('alice', await alice.encrypt(`device${i}`, text)))
    expectText(await alice.decrypt(`device${i}`, await device.encrypt('alice', text)))
  }
  return {
    perRun: 1,
    async run() {
      for (let i = 0; i < devices; i++) await alice.encrypt(`device${i}`, text)
    },
  }
}

const jobs = {
  'ping-pong': pingPong,
  encrypt: () => encryptBurst(burst),
  decrypt: () => decryptBurst(burst),
  'set-up': setUp,
  'fan-out': fanOut,
  'catch-up': () => decryptBurst(chain),
}

/** Milliseconds of CPU time of this process, all threads: on a busy machine wall time says who was waiting. */
function cpuTime() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** How many per second of CPU time. */
async function measure({ perRun, before, run, after }, milliseconds) {
  let spent = 0
  let done = 0
  while (spent < milliseconds || done === 0) {
    await before?.()
    const start = cpuTime()
    await run()
    spent += cpuTime() - start
    done += perRun
    await after?.()
  }
  return (done * 1000) / spent
}

const work = await jobs[job]()
await measure(work, budget)
process.send({ perSecond: await measure(work, budget) })
