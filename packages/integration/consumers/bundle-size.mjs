// How large a browser client is, and that nothing is in it that was not imported.
import { basename } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** Bytes of the first chunk, minified and gzipped. */
export const sizeLimit = 20_000

/** Bytes that OMEMO with its cryptography adds to a client at first, minified and gzipped. The goal of 40,000 is not reached. */
export const omemoLimit = 57_000

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
const initialChunks = (outputs, entry) => {
  const found = new Set(Object.keys(outputs).filter((file) => outputs[file].entryPoint === entry))
  for (const file of found) {
    for (const { kind, path, external } of outputs[file].imports) {
      if (kind === 'import-statement' && !external) found.add(path)
    }
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

/** Bundles what an entry exports, for browsers. */
const bundle = async (folder, entry, contents, external = []) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: folder, sourcefile: entry },
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
    external,
    metafile: true,
    logLevel: 'silent',
  })
  const texts = outputFiles.map(({ path, contents: bytes, text }) => ({
    path,
    text,
    gzip: gzipSync(bytes, { level: 9 }).length,
  }))
  const initial = initialChunks(metafile.outputs, entry)
  const isInitial = ({ path }) => initial.some((file) => path.endsWith(`/${file}`))
  return {
    texts,
    outputs: metafile.outputs,
    isInitial,
    packages: byPackage(initial.map((file) => metafile.outputs[file])),
    later: texts.filter((text) => !isInitial(text)).map(({ path, gzip }) => `${basename(path)} ${gzip}`),
  }
}

const sum = (list) => list.reduce((total, { gzip }) => total + gzip, 0)

/** Bundles the client; returns sizes in bytes and which forbidden strings are in it. */
export const measureBundle = async (folder, from) => {
  const { texts, outputs, isInitial, ...rest } = await bundle(folder, 'browser-client.js', browserClient(from))
  return {
    initial: sum(texts.filter(isInitial)),
    login: sum(texts.filter(({ path }) => !isRare(outputs, path))),
    all: sum(texts),
    ...rest,
    intruders: mustNotAppear.filter((string) => texts.some(({ text }) => text.includes(string))),
  }
}

/** Bundles OMEMO with all that it brings, but for what every client has; returns sizes in bytes. */
export const measureOmemo = async (folder) => {
  const contents = `export { omemo } from '@couplet/omemo'`
  const every = ['@couplet/client', '@couplet/stanza']
  const { texts, isInitial, packages, later } = await bundle(folder, 'omemo.js', contents, every)
  const isForeign = texts.some(({ text }) => /["'`]node:|WebAssembly/.test(text))
  return { initial: sum(texts.filter(isInitial)), all: sum(texts), packages, later, isForeign }
}
