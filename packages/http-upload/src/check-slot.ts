import type { UploadHeader, UploadSlot } from './elements.js'
import { UploadError } from './upload-error.js'

/** A place for one file, checked: where to PUT it, with which headers, and where others GET it. All of it is secret. */
export interface Slot {
  /** Where the file is uploaded to: always https. */
  readonly put: URL
  /** The headers of the PUT request, in their order: none but `Authorization`, `Cookie` and `Expires`. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Where it can be fetched: always https. */
  readonly get: URL
}

/** XEP-0363 §4: other headers must be ignored. */
const allowedHeaders: ReadonlySet<string> = new Set(['authorization', 'cookie', 'expires'])
/** No line break or other control character, and nothing that needs more than ASCII. */
const headerValue = /^[\t\x20-\x7e]*$/
/** Characters. Services write about 200; servers refuse addresses and headers beyond 8 to 16 KiB anyway. */
const longestUrl = 8192
const longestHeaders = 16_384

/**
 * Checks what a service has answered before anything of it is used (XEP-0363 §4, §9.2).
 *
 * @throws UploadError `bad-slot`
 */
export function checkSlot({ put, get }: UploadSlot, allow: (url: URL) => boolean): Slot {
  return { put: checkUrl(put.url, allow), headers: checkHeaders(put.headers), get: checkUrl(get.url, allow) }
}

function checkUrl(text: string, allow: (url: URL) => boolean): URL {
  if (text.length > longestUrl) throw bad('an address that is too long')
  if (!URL.canParse(text)) throw bad('an address that is none')
  const url = new URL(text)
  if (url.protocol !== 'https:') throw bad('an address that is not https')
  if (url.username !== '' || url.password !== '') throw bad('an address with a user name')
  if (allow(url) !== true) throw bad('an address that the application does not allow')
  return url
}

function checkHeaders(headers: readonly UploadHeader[]): Slot['headers'] {
  const used = headers.filter(({ name }) => allowedHeaders.has(name.toLowerCase()))
  let length = 0
  for (const { name, value } of used) {
    length += name.length + value.length
    // XEP-0363 §4 has line breaks stripped; nobody means them, so a header with one is not to be trusted at all.
    if (!headerValue.test(value)) throw bad('a header with forbidden characters')
  }
  if (length > longestHeaders) throw bad('headers that are too long')
  return used.map(({ name, value }) => [name, value])
}

const bad = (what: string): UploadError => new UploadError('bad-slot', `the service answered with ${what}`)
