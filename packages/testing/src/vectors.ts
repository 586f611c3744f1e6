import { AssertionError } from 'node:assert'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type ElementDef, readElement, serialize, type XmlElement } from '@couplet/stanza'
import { parseXml } from './parse-xml.js'
import { difference, parseVectorValue, sameTree } from './vector-value.js'

/** An element definition of any value type, as {@link vectors} takes it. */
export interface VectorDefinition {
  /** See `ElementDef`. */
  matches(element: XmlElement): boolean
  /** See `ElementDef`. */
  parse(element: XmlElement): unknown
  /** See `ElementDef`. */
  build(value: never): XmlElement
}

/** One check of one vector, for `test.each(vectors(…))('$name', ({ check }) => check())` of any test runner. */
export interface VectorCase {
  /** File and direction: `received.xml is read`. */
  readonly name: string
  /** Throws an `AssertionError` if the definition and the vector disagree. */
  readonly check: () => void
}

/**
 * The vectors of a folder as test cases. A vector is two files, or one that must be refused:
 *
 * - `name.xml` and `name.json`: the element and its value. Reading and building must give each other. Indentation in
 *   the XML does not count. For the values JSON cannot hold see {@link parseVectorValue}.
 * - `name.read.xml` and `name.read.json`: reading only, for XML that we would write differently.
 * - `name.invalid.xml`: must be malformed; with `name.invalid.json`, `{ "path": "received@id" }`, for this reason.
 *
 * @param folder where the files are; with or without a slash at the end
 * @param definitions by file name up to its first dot: `received` is for `received.xml` and `received.2.xml`
 * @throws TypeError for a file nobody would look at: without its twin or without a definition; and for a definition
 * without a file
 */
export function vectors(folder: URL, definitions: Readonly<Record<string, VectorDefinition>>): VectorCase[] {
  const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
  const files = readdirSync(base)
    .filter((file) => /\.(xml|json)$/.test(file))
    .sort()
  const unused = new Set(Object.keys(definitions))
  const cases = files.flatMap((file) => {
    const key = file.slice(0, file.indexOf('.'))
    const definition = Object.hasOwn(definitions, key) ? definitions[key] : undefined
    if (definition === undefined) throw new TypeError(`${file}: no definition is called ${key}`)
    unused.delete(key)
    if (file.endsWith('.json')) return expectTwin(base, file, '.xml')
    return casesOf(base, file, definition as unknown as ElementDef<unknown>)
  })
  if (unused.size > 0) throw new TypeError(`no vector for ${[...unused].join(', ')}`)
  return cases
}

function twin(base: URL, file: string, extension: string): URL {
  return new URL(file.replace(/\.[a-z]+$/, extension), base)
}

function expectTwin(base: URL, file: string, extension: string): VectorCase[] {
  if (!existsSync(twin(base, file, extension))) throw new TypeError(`${file}: there is no ${extension} file for it`)
  return []
}

function casesOf(base: URL, file: string, definition: ElementDef<unknown>): VectorCase[] {
  const element = (): XmlElement => parseXml(readFileSync(new URL(file, base), 'utf8'))
  const invalid = file.endsWith('.invalid.xml')
  if (!invalid) expectTwin(base, file, '.json')
  const value = (): unknown => {
    const json = twin(base, file, '.json')
    return existsSync(json) ? parseVectorValue(readFileSync(json, 'utf8')) : undefined
  }
  if (invalid) return [{ name: `${file} is malformed`, check: () => checkInvalid(definition, element(), value()) }]
  const reading = { name: `${file} is read`, check: () => checkReading(definition, element(), value()) }
  if (file.endsWith('.read.xml')) return [reading]
  return [reading, { name: `${file} is built`, check: () => checkBuilding(definition, element(), value()) }]
}

function fail(message: string, actual: unknown, expected: unknown): never {
  throw new AssertionError({ message, actual, expected })
}

function expectMatch(definition: ElementDef<unknown>, element: XmlElement): void {
  if (!definition.matches(element)) fail('the definition is for another element', element.name, definition.tags)
}

function checkReading(definition: ElementDef<unknown>, element: XmlElement, expected: unknown): void {
  expectMatch(definition, element)
  const result = readElement(definition, element)
  if (!result.ok) fail(`malformed: ${result.error.message}`, result.error.message, expected)
  const path = difference(result.value, expected)
  if (path !== undefined) fail(`the value that was read differs at ${path}`, result.value, expected)
}

function checkBuilding(definition: ElementDef<unknown>, expected: XmlElement, value: unknown): void {
  // Through the wire and back, so that what is built can also be written.
  const built = parseXml(serialize(definition.build(value)))
  if (!sameTree(built, expected)) fail('the element that was built differs', String(built), String(expected))
}

function checkInvalid(definition: ElementDef<unknown>, element: XmlElement, expected: unknown): void {
  expectMatch(definition, element)
  const result = readElement(definition, element)
  if (result.ok) fail('the element should be malformed and is not', result.value, 'MalformedElementError')
  if (expected === undefined) return
  const path = (expected as { readonly path?: unknown }).path
  if (result.error.path !== path) fail('malformed for another reason', result.error.path, path)
}
