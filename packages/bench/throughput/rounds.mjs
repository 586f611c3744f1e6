import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testAuthority } from '@couplet/testing'
import { domain, expected } from './traffic.mjs'

/** Milliseconds after which a process that says nothing has failed. */
const limit = 45_000

/** Resolves with the next message for which `accept` is true; rejects when the process ends first, or says nothing for too long. */
export function message(child, accept) {
  return new Promise((resolve, reject) => {
    const settle = (then) => (value) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      then(value)
    }
    const fail = settle(reject)
    const onMessage = (value) => {
      timer.refresh()
      if (accept(value)) settle(resolve)(value)
    }
    const onExit = (code) => fail(new Error(`ended with code ${code}`))
    const timer = setTimeout(() => fail(new Error(`nothing for ${limit / 1000} s`)), limit)
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}

const script = (name) => new URL(`./${name}`, import.meta.url)

/** Runs a process that measures itself and sends one object with its figures. */
export async function measureIn(name, options, execArgv = []) {
  const child = fork(script(name), [JSON.stringify(options)], { execArgv })
  try {
    return await message(child, (value) => typeof value === 'object')
  } finally {
    child.kill('SIGKILL')
  }
}

/** The scripted server and the processes that log in to it. */
export class Rounds {
  #count
  #folder = mkdtempSync(join(tmpdir(), 'couplet-bench-'))
  #authority = testAuthority()
  #server
  #ports

  constructor(count) {
    this.#count = count
  }

  async start() {
    const certificate = this.#authority.certificate({ names: [domain] })
    writeFileSync(join(this.#folder, 'ca.pem'), this.#authority.ca)
    this.#server = fork(script('scripted-server.mjs'), [JSON.stringify({ ...certificate, count: this.#count })])
    this.#ports = await message(this.#server, (value) => typeof value === 'object')
  }

  /** Runs one client in one direction; returns its figures, or the error that kept it from having any. */
  async run({ client, transport, direction, confirmed = false, unmanaged = false }, execArgv = []) {
    this.#server.send({ isManaged: !unmanaged })
    const { tls, wss } = this.#ports
    const service = transport === 'tcp' ? `xmpps://${domain}:${tls}` : `wss://${domain}:${wss}/xmpp`
    const options = { client, transport, service, direction, confirmed, ca: this.#authority.ca, count: this.#count }
    // The one way to trust an authority that every client has.
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(this.#folder, 'ca.pem'), NODE_NO_WARNINGS: '1' }
    const child = fork(script('client-process.mjs'), [JSON.stringify(options)], { env, execArgv })
    try {
      return await this.#exchange(child, direction)
    } catch (error) {
      return { error: error.message }
    } finally {
      if (child.exitCode === null) child.kill('SIGKILL')
    }
  }

  async #exchange(child, direction) {
    const figures = message(child, (value) => typeof value === 'object')
    figures.catch(() => {}) // the same failure is reported by what is awaited first
    await message(child, (value) => value === 'ready')
    if (direction === 'receive') {
      child.send('go')
      await message(child, (value) => value === 'listening')
      this.#server.send('blast')
      const result = await figures
      const wanted = expected(this.#count)
      const wrong = Object.keys(wanted).filter((key) => wanted[key] !== result.seen[key])
      if (wrong.length > 0) return { error: `saw ${wrong.map((key) => `${result.seen[key]} ${key}`).join(', ')}` }
      await exited(child)
      return result
    }
    this.#server.send('expect')
    child.send('go')
    await message(this.#server, (value) => value === 'received')
    child.send('arrived')
    const result = await figures
    await exited(child)
    return result
  }

  stop() {
    this.#server?.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A process that is being profiled writes its profile when it exits. */
function exited(child) {
  return child.exitCode === null ? new Promise((resolve) => child.once('exit', resolve)) : undefined
}
