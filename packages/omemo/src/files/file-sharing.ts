import { OmemoError } from '../omemo-error.js'
import { httpsUrl, type SharedFile, tryHttpsUrl } from './aesgcm-url.js'
import { type EncryptedSource, type FileMetadata, type FileSharing, NS_AES_256_GCM } from './elements.js'
import type { EncryptedFile } from './encrypt-file.js'
import { cipherOf, decidingHash, type FileSecret, fitsCipher } from './file-cipher.js'

/** What to tell about a file beside its size and hash. */
export type FileDetails = Partial<Omit<FileMetadata, 'size' | 'hashes'>> & Pick<FileSharing, 'disposition' | 'id'>

/**
 * Shares an encrypted file that was uploaded (XEP-0448 §3.1): an element for inside of the encryption of omemo:2, with its
 * name and everything else.
 *
 * @param url where it was uploaded to
 * @throws OmemoError `bad-file-url` if that is not https
 * @throws TypeError before all of the file was read
 */
export function shareFile(file: EncryptedFile, url: string, details: FileDetails = {}): FileSharing {
  const { key, iv, plaintext } = file.secret
  const { disposition, id, desc = {}, thumbnails = [], ...more } = details
  const target = httpsUrl(url)
  const source: EncryptedSource = {
    cipher: NS_AES_256_GCM,
    key,
    iv,
    hashes: [],
    sources: { encrypted: [], urls: [{ target }] },
  }
  return {
    ...(disposition !== undefined && { disposition }),
    ...(id !== undefined && { id }),
    file: { ...more, size: plaintext.size, hashes: [plaintext.hash], desc, thumbnails },
    sources: { encrypted: [source], urls: [] },
  }
}

/**
 * The file that an element shares, once for each address it can be fetched from; the sender's order. Sources that cannot be
 * read, or are not https, are passed over.
 *
 * @throws OmemoError `bad-file` without a size or a hash that can be computed (XEP-0448 §3.1), or without any source left
 */
export function sharedFiles({ file, sources }: FileSharing): SharedFile[] {
  const { size, hashes } = file
  if (size === undefined) throw new OmemoError('bad-file')
  const hash = decidingHash(hashes)
  const found = (sources?.encrypted ?? []).flatMap((source) => {
    const secret = secretOf(source)
    const urls = source.sources.urls.map(({ target }) => tryHttpsUrl(target)).filter((url) => url !== undefined)
    return secret === undefined ? [] : urls.map((url) => ({ url, secret: { ...secret, plaintext: { size, hash } } }))
  })
  if (found.length === 0) throw new OmemoError('bad-file')
  return found
}

function secretOf({ cipher: namespace, key, iv }: EncryptedSource): FileSecret | undefined {
  const cipher = cipherOf(namespace)
  if (cipher === undefined) return undefined
  const secret = { cipher, key, iv }
  return fitsCipher(secret) ? secret : undefined
}

/** Takes the name of a directory for what it is, and what the systems of others would not like in a name. */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff<>:"/\\|?*]/gu

/** What some write as in a URL would be a path again for whoever reads it so. */
const unescaped = (text: string): string =>
  new TextDecoder().decode(Uint8Array.from(text.slice(1).split('%'), (digits) => Number.parseInt(digits, 16)))

/** The name of a file as it can be used in a directory (XEP-0446 §4), percent signs decoded once; `file` if nothing is left of it. */
export function safeFileName(name: string | undefined): string {
  const last = (name ?? '')
    .slice(0, 4096)
    .replace(/(?:%[0-9a-f]{2})+/gi, unescaped)
    .split(/[/\\]/)
    .at(-1) as string
  const safe = [...last.replace(unsafe, '').replace(/^[.\s]+|[.\s]+$/g, '')].slice(0, 80).join('')
  return safe === '' || /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(safe) ? 'file' : safe
}
