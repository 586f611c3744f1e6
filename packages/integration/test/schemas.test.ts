import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseXml } from '@couplet/testing'
import { afterAll, expect, test } from 'vitest'
import { prepareSchemas } from '../src/schemas.js'

// Each package builds its vectors: its own tests compare them with what it writes. So what is valid here is valid there.
const vectors = fileURLToPath(new URL('../../../test-vectors/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'couplet-schemas-'))
afterAll(() => rmSync(folder, { recursive: true }))

const schemas = prepareSchemas(new URL('../../../test-vectors/xsd/', import.meta.url), folder)

/** Schemas that are no schemas: `xmllint` refuses them, whatever is in the document. */
const broken = new Map([
  ['http://jabber.org/protocol/pubsub#owner', 'XEP-0060: a choice beside a sequence'],
  ['jabber:component:accept', 'XEP-0114: refers to a group of a schema that only RFC 6120 has'],
  ['urn:xmpp:carbons:2', 'XEP-0280: an abstract simple type'],
  ['urn:xmpp:forward:0', 'XEP-0297: refers to stanzas, whose schema is in RFC 6120'],
  ['urn:xmpp:hashes:2', 'XEP-0300: an extension outside of a simpleContent'],
  ['urn:xmpp:tm:1', 'XEP-0434: a sequence beside a choice'],
])

/** What a schema does not know, and the text of its XEP does; or what a vector holds to see that it survives. */
const exceptions = new Map([
  ['xep-0048/conference.unknown.xml', 'has what nobody knows, on purpose'],
  [
    'xep-0050/result.reverted.xml',
    'XEP-0050 has a form after notes in its examples, and notes after the form in its schema',
  ],
  ['xep-0050/result.stage-1.xml', 'as above'],
  ['xep-0050/result.stage-2.xml', 'as above'],
  ['xep-0060/condition.12.xml', 'node-full is missing in the schema'],
  ['xep-0045/user.22.xml', 'an example of XEP-0045 with continue in its place, which the schema has elsewhere'],
  ['xep-0045/user.23.xml', 'as above'],
  ['xep-0084/pointer.xml', 'the attributes of §4.2.2 are missing in the schema'],
  ['xep-0115/caps.legacy.xml', 'what clients sent before version 1.4 of XEP-0115'],
  ['xep-0384/optOut.bare.xml', 'opt-out is missing in the schema'],
  ['xep-0401/result.form.xml', 'as in XEP-0050'],
  ['xep-0402/conference.unknown.xml', 'has what nobody knows, on purpose'],
  ['xep-0420/envelope.message.xml', 'the schema allows no content but a few elements'],
])

/** Vectors that packages build, by namespace. */
function built(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const folders = readdirSync(vectors).filter((name) => name.startsWith('xep-0'))
  const files = folders.flatMap((name) => readdirSync(join(vectors, name)).map((file) => join(vectors, name, file)))
  for (const file of files.filter((each) => each.endsWith('.xml') && !/\.(invalid|read)\.xml$/.test(each))) {
    const { ns } = parseXml(readFileSync(file, 'utf8'))
    if (schemas.has(ns)) found.set(ns, [...(found.get(ns) ?? []), file])
  }
  return found
}

const nameOf = (file: string): string => `${basename(join(file, '..'))}/${basename(file)}`

test.each([...built()].filter(([ns]) => !broken.has(ns)))('what is written in %s is valid', (ns, files) => {
  const schema = schemas.get(ns) as string
  const { status, stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, ...files], {
    encoding: 'utf8',
  })
  expect(status).not.toBeNull()
  const lines = stderr.split('\n')
  const valid = files.filter((file) => lines.includes(`${file} validates`)).map(nameOf)
  const expected = files.map(nameOf).filter((name) => !exceptions.has(name))
  expect(valid, stderr).toEqual(expected)
})

test.each([...broken])('the schema of %s is none (%s)', (ns) => {
  const schema = schemas.get(ns) as string
  const { stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, schema], { encoding: 'utf8' })
  expect(stderr).toContain('failed to compile')
})

test('an exception names a vector that exists', () => {
  expect([...exceptions.keys()].filter((name) => !existsSync(join(vectors, name)))).toEqual([])
})
