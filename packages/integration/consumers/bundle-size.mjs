// How large a browser client is, and that nothing is in it that was not imported.
import { basename } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** Bytes of the first chunk, minified and gzipped. */
export const sizeLimit = 20_000

/** A client that talks: login by SCRAM, messages, receipts. */
const browserClient = (from) => `
  export { createClient } from '${from === 'preset' ? 'couplet' : '@couplet/client'}'
  export { webSocket } from '${from === 'preset' ? 'couplet' : '@couplet/websocket'}'
  export { message } from '${from === 'preset' ? 'couplet' : '@couplet/stanza'}'
  export { receipts } from '${from === 'preset' ? 'couplet' : '@couplet/receipts'}'
`

/** Strings of what such a client does not import. */
const mustNotAppear = [
  'urn:xmpp:mam:2',
  'urn:xmpp:forward:0',
  'http://jabber.org/protocol/disco',
  'http://jabber.org/protocol/chatstates',
  'http://jabber.org/protocol/rsm',
  'jabber:x:data',
  '_xmpps-client',
  'perMessageDeflate',
  'node:',
]

const packageOf = (path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'entry'

/** Chunks that load with the entry: itself and what it imports statically. */
const initialChunks = (outputs) => {
  const found = new Set(Object.keys(outputs).filter((file) => outputs[file].entryPoint === 'browser-client.js'))
  for (const file of found) {
    for (const { kind, path } of outputs[file].imports) if (kind === 'import-statement') found.add(path)
  }
  return [...found]
}

/** Chunks that an ordinary login does without: cryptography without WebCrypto, passwords beyond ASCII, discovery. */
const rare = /node_modules\/(@noble\/hashes|@mongodb-js\/saslprep|@couplet\/websocket\/dist\/host-meta)/

const isRare = (outputs, path) => {
  const [, output] = Object.entries(outputs).find(([file]) => path.endsWith(`/${file}`))
  return Object.keys(output.inputs).some((input) => rare.test(input))
}

const byPackage = (chunks) => {
  const sums = new Map()
  for (const { inputs } of chunks) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      sums.set(packageOf(path), (sums.get(packageOf(path)) ?? 0) + bytesInOutput)
    }
  }
  return Object.fromEntries([...sums].sort((a, b) => b[1] - a[1]))
}

/** Bundles the client; returns sizes in bytes and which forbidden strings are in it. */
export const measureBundle = async (folder, from) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents: browserClient(from), resolveDir: folder, sourcefile: 'browser-client.js' },
    absWorkingDir: folder,
    outdir: 'out',
    write: false,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
  })
  const texts = outputFiles.map(({ path, contents, text }) => ({
    path,
    text,
    gzip: gzipSync(contents, { level: 9 }).length,
  }))
  const initial = initialChunks(metafile.outputs)
  const isInitial = ({ path }) => initial.some((file) => path.endsWith(`/${file}`))
  const sum = (list) => list.reduce((total, { gzip }) => total + gzip, 0)
  return {
    initial: sum(texts.filter(isInitial)),
    login: sum(texts.filter(({ path }) => !isRare(metafile.outputs, path))),
    all: sum(texts),
    packages: byPackage(initial.map((file) => metafile.outputs[file])),
    later: texts.filter((text) => !isInitial(text)).map(({ path, gzip }) => `${basename(path)} ${gzip}`),
    intruders: mustNotAppear.filter((string) => texts.some(({ text }) => text.includes(string))),
  }
}
