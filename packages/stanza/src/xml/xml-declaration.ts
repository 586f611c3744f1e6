import type { QName } from './names.js'
import { malformed, refuse } from './refuse.js'

/**
 * Checks `<?xml …?>`, read as if it were a tag: XML 1.0 §2.8 fixes the order of its parts, and knows no references in
 * them; RFC 6120 §11.6 wants UTF-8. `values` may be longer than `names`. @throws StreamError
 */
export function checkDeclaration(written: string, names: readonly QName[], values: readonly string[]): void {
  const parts = /^version(,encoding)?(,standalone)?$/.exec(names.map(({ raw }) => raw).join())
  if (parts === null || written.includes('&')) malformed()
  if (parts[2] && !/^(yes|no)$/.test(values[names.length - 1] as string)) malformed()
  if (values[0] !== '1.0') refuse('unsupported-version')
  if (parts[1] && !/^utf-8$/i.test(values[1] as string)) refuse('unsupported-encoding')
}
