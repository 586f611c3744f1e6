import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Attributes of XML itself, which schemas refer to and nobody brings along. */
const xmlSchema = `<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='http://www.w3.org/XML/1998/namespace'>
  <xs:attribute name='lang' type='xs:language'/>
</xs:schema>`

const targetOf = (text: string): string => /targetNamespace\s*=\s*['"]([^'"]+)/.exec(text)?.[1] ?? ''

/**
 * Puts schemas into a folder in a form that `xmllint` can use: they find each other there, and what they leave open may be
 * anything, also what no schema describes.
 *
 * @param from the folder with the schemas
 * @returns the file of each namespace
 */
export function prepareSchemas(from: URL, folder: string): ReadonlyMap<string, string> {
  mkdirSync(folder, { recursive: true })
  const texts = readdirSync(from)
    .filter((file) => file.endsWith('.xsd'))
    .map((file) => [file, readFileSync(new URL(file, from), 'utf8')] as const)
  const all = [...texts, ['xml.xsd', xmlSchema] as const]
  const files = new Map(all.map(([file, text]) => [targetOf(text), join(folder, file)]))
  for (const [file, text] of all) writeFileSync(join(folder, file), linked(text, files))
  return files
}

function linked(text: string, files: ReadonlyMap<string, string>): string {
  return text
    .replaceAll(/(<xs:import[^>]*?)schemaLocation\s*=\s*(['"]).*?\2/g, '$1')
    .replaceAll(/<xs:import[^>]*?namespace\s*=\s*['"]([^'"]+)['"]/g, (start, namespace: string) => {
      const file = files.get(namespace)
      return file === undefined ? start : `${start} schemaLocation='${file}'`
    })
    .replaceAll(/processContents\s*=\s*(['"])\w+\1/g, '')
    .replaceAll(/<xs:any(Attribute)?\b/g, "$& processContents='lax'")
}
