import { connect } from 'node:net'

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const unescapeXml = (text: string) =>
  text.replace(
    /&(lt|gt|quot|apos|amp);/g,
    (_, name: 'lt') => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' })[name],
  )

const streamHeader =
  "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='xmpp:prosody.im/admin' version='1.0'>"
const resultPattern = /<repl-result([^>]*?)(?:\/>|>(.*?)<\/repl-result>)/s
const outputPattern = /<repl-output[^>]*>(.*?)<\/repl-output>/gs

/** A string literal of Lua: everything but plain ASCII as decimal escapes of its UTF-8 bytes. */
export const luaString = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => (/\w/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`)).join('')}"`

/**
 * Runs one command of Prosody's admin shell over its unix socket, in about 3 ms. Lines that start with `>` are Lua.
 * Resolves to the result and what was printed; rejects if the command failed.
 */
export const prosodyShell = (socketPath: string, command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    let received = ''
    const settle = ([, attributes, result]: RegExpExecArray) => {
      const text = unescapeXml(result ?? '')
      socket.destroy()
      // Failed commands are results of type "error", or in older versions texts.
      if (/type=['"]error/.test(attributes ?? '') || /^(Error|Problem|Fatal)/.test(text)) {
        reject(new Error(`Prosody refused a command: ${text}`))
      } else {
        const printed = [...received.matchAll(outputPattern)].map(([, line]) => unescapeXml(line!))
        resolve([...printed, text].join('\n'))
      }
    }
    socket.setEncoding('utf8')
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('Prosody closed the admin socket')))
    socket.write(`${streamHeader}<repl-input>${escapeXml(command)}</repl-input>`)
    socket.on('data', (chunk) => {
      received += chunk
      const result = resultPattern.exec(received)
      if (result) settle(result)
    })
  })
