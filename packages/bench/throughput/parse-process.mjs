// One parser, one round. Usage (forked by rounds.mjs): parse-process.mjs '{"parser", "bytes", "passes"}'
import { streamCorpus } from './corpus.mjs'

const chunkSize = 4096

const { parser: name, bytes, passes } = JSON.parse(process.argv[2])
const { createParser } = await import(`./parsers/${name}.mjs`)
const { stream } = streamCorpus(bytes)

/** Reads the stream once; a stanza is dropped when it is complete, as by a client that has handled it. */
async function pass(onStanza) {
  const parser = createParser(onStanza)
  for (let i = 0; i < stream.length; i += chunkSize) parser.write(stream.subarray(i, i + chunkSize))
  await parser.end?.()
}

const seen = { stanzas: 0, elements: 0, characters: 0 }

/** Every parser's elements keep elements and strings in `children`, so one count serves all. */
function count(element) {
  seen.elements++
  for (const node of element.children) {
    if (typeof node === 'string') seen.characters += node.length
    else count(node)
  }
}

await pass((element) => {
  seen.stanzas++
  count(element)
})
let stanzas = 0
const start = process.cpuUsage()
for (let i = 1; i < passes; i++) await pass(() => stanzas++)
const { user, system } = process.cpuUsage(start)
// A later pass has to find what the first one has found.
if (stanzas !== seen.stanzas * (passes - 1)) seen.stanzas = -1
process.send({ cpuMs: (user + system) / 1000, bytes: stream.length * (passes - 1), seen })
