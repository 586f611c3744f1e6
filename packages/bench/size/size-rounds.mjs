import { fork } from 'node:child_process'
import { message } from '../throughput/child-message.mjs'
import { ScriptedHost } from '../throughput/scripted-host.mjs'
import { expected } from './contents.mjs'
import { startSlixmpp } from './slixmpp.mjs'

const isObject = (value) => typeof value === 'object'

/** The server of large accounts and the processes that log in to it. */
export class SizeRounds {
  #host = new ScriptedHost()

  async start() {
    await this.#host.start(new URL('size-server.mjs', import.meta.url))
  }

  /** Runs one client with one thing of one size; returns its figures, or the error that kept it from having any. */
  async run(job) {
    try {
      const result = await this.#measure(job, false)
      // What is allocated in Python cannot be looked at without its being slower.
      if (job.client !== 'slixmpp' || job.feature === 'archive') return result
      const { heapBytes } = await this.#measure(job, true)
      return { ...result, heapBytes }
    } catch (error) {
      return { error: error.message }
    }
  }

  async #measure({ client, transport, feature, size }, traced) {
    const { server } = this.#host
    const prepared = message(server, (value) => value === 'prepared')
    server.send({ feature, size })
    await prepared
    const child = this.#startClient({ client, transport, feature, traced })
    try {
      const result = await this.#exchange(child)
      const wanted = expected(feature, size)
      const wrong = Object.keys(wanted).filter((key) => wanted[key] !== result.seen[key])
      if (wrong.length === 0) return result
      throw new Error(`saw ${wrong.map((key) => `${result.seen[key]} ${key} of ${wanted[key]}`).join(', ')}`)
    } finally {
      if (child.exitCode === null) child.kill('SIGKILL')
    }
  }

  #startClient({ client, transport, feature, traced }) {
    const { ca, caFile, env } = this.#host
    const service = this.#host.serviceOf(transport)
    if (client === 'slixmpp') return startSlixmpp({ service, caFile, feature, traced }, env)
    const options = JSON.stringify({ client, transport, service, ca, feature })
    return fork(new URL('size-process.mjs', import.meta.url), [options], { env, execArgv: ['--expose-gc'] })
  }

  /** The client asks, then measures itself from a moment before the server answers. */
  async #exchange(child) {
    const { server } = this.#host
    const figures = message(child, isObject)
    const asked = message(server, (value) => value === 'asked')
    for (const promise of [figures, asked]) promise.catch(() => {}) // a failure is that of the race
    await Promise.race([asked, figures])
    const measuring = message(child, (value) => value === 'measuring')
    measuring.catch(() => {})
    child.send('go')
    await Promise.race([measuring, figures])
    server.send('release')
    return figures
  }

  stop() {
    this.#host.stop()
  }
}
