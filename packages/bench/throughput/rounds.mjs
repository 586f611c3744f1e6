import { fork } from 'node:child_process'
import { message } from './child-message.mjs'
import { ScriptedHost } from './scripted-host.mjs'
import { expected } from './traffic.mjs'

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
  #host = new ScriptedHost()

  constructor(count) {
    this.#count = count
  }

  async start() {
    await this.#host.start(script('scripted-server.mjs'), { count: this.#count })
  }

  /** Runs one client in one direction; returns its figures, or the error that kept it from having any. */
  async run({ client, transport, direction, confirmed = false, unmanaged = false }, execArgv = []) {
    const { ca, env, server } = this.#host
    server.send({ isManaged: !unmanaged })
    const service = this.#host.serviceOf(transport)
    const options = { client, transport, service, direction, confirmed, ca, count: this.#count }
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
    const { server } = this.#host
    const figures = message(child, (value) => typeof value === 'object')
    figures.catch(() => {}) // the same failure is reported by what is awaited first
    await message(child, (value) => value === 'ready')
    if (direction === 'receive') {
      child.send('go')
      await message(child, (value) => value === 'listening')
      server.send('blast')
      const result = await figures
      const wanted = expected(this.#count)
      const wrong = Object.keys(wanted).filter((key) => wanted[key] !== result.seen[key])
      if (wrong.length > 0) return { error: `saw ${wrong.map((key) => `${result.seen[key]} ${key}`).join(', ')}` }
      await exited(child)
      return result
    }
    server.send('expect')
    child.send('go')
    await message(server, (value) => value === 'received')
    child.send('arrived')
    const result = await figures
    await exited(child)
    return result
  }

  stop() {
    this.#host.stop()
  }
}

/** A process that is being profiled writes its profile when it exits. */
function exited(child) {
  return child.exitCode === null ? new Promise((resolve) => child.once('exit', resolve)) : undefined
}
