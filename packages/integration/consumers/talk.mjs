// Usage, in a folder with the installed packages: node talk.mjs BUNDLE. Runs a browser bundle against a real WebSocket:
// Node's place of the browser's `WebSocket` is taken by `ws`, which can be told whom to trust.
import assert from 'node:assert/strict'
import { pathToFileURL } from 'node:url'
import { startLoopback } from '@couplet/testing'
import { WebSocket } from 'ws'

const server = await startLoopback({ domain: 'localhost', users: { romeo: 'soft light', juliet: 'no need of names' } })
const { websocket } = await server.listen({ websocket: true })
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocol) {
    super(url, protocol, { ca: server.ca })
  }
}

const { talk } = await import(pathToFileURL(process.argv[2]).href)
const accounts = [
  { jid: 'romeo@localhost/a', password: 'soft light' },
  { jid: 'juliet@localhost/b', password: 'no need of names' },
]
const result = await talk({ service: String(websocket), accounts })
assert.deepEqual(result, {
  jids: ['romeo@localhost/a', 'juliet@localhost/b'],
  heard: { body: 'Hello from a bundle 👋', from: 'romeo@localhost/a' },
  receiptFrom: 'juliet@localhost/b',
  states: ['offline', 'offline'],
})
await server.stop()
