import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { repositoryRoot } from '../../workspace/workspace.mjs'

const vectors = join(repositoryRoot, 'test-vectors')

/** What fuzzing starts from: the examples of all XEPs, and the project's own XML vectors. */
export function xmlSeeds() {
  const packed = readFileSync(join(vectors, 'xep-examples/examples.jsonl.gz'))
  const examples = gunzipSync(packed)
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).xml)
  const files = readdirSync(vectors, { recursive: true }).filter((path) => path.endsWith('.xml'))
  const own = files.sort().map((path) => readFileSync(join(vectors, path), 'utf8').trim())
  // A comment at the start of a vector says where it is from; no stream could carry it.
  return [...own, ...examples]
    .map((xml) => xml.replaceAll(/<!--[\s\S]*?-->/g, '').trim())
    .filter((xml) => xml.startsWith('<'))
}

/** Addresses, valid ones and others. */
export function jidSeeds() {
  return ['valid.txt', 'invalid.txt'].flatMap((name) =>
    readFileSync(join(vectors, 'jid', name), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) =>
        line.split('\t')[0].replaceAll(/\\u\{([\da-f]+)\}/gi, (_, hex) => String.fromCodePoint(`0x${hex}`)),
      ),
  )
}
