import { Hash } from '@couplet/hashes'
import {
  attr,
  base64,
  child,
  children,
  childText,
  dateTime,
  type ElementDef,
  element,
  type Infer,
  langText,
  lazy,
  oneOf,
  optional,
  uint,
} from '@couplet/stanza'
import { NS_SFS } from '../elements.js'
import { type SecretBytes, secretBase64 } from './secret-bytes.js'

/** The namespace of encrypted sources (XEP-0448). */
export const NS_ESFS = 'urn:xmpp:esfs:0'
/** The namespace of what is told about a file (XEP-0446). */
export const NS_FILE_METADATA = 'urn:xmpp:file:metadata:0'
/** The namespace of addresses of files (XEP-0103). */
export const NS_URL_DATA = 'http://jabber.org/protocol/url-data'
/** The namespace of thumbnails (XEP-0264). */
export const NS_THUMBS = 'urn:xmpp:thumbs:1'

/** AES-128 in Galois/Counter Mode (XEP-0448 §4). */
export const NS_AES_128_GCM = 'urn:xmpp:ciphers:aes-128-gcm-nopadding:0'
/** AES-256 in Galois/Counter Mode (XEP-0448 §4). */
export const NS_AES_256_GCM = 'urn:xmpp:ciphers:aes-256-gcm-nopadding:0'
/** AES-256 in Cipher Block Chaining (XEP-0448 §4). */
export const NS_AES_256_CBC = 'urn:xmpp:ciphers:aes-256-cbc-pkcs7:0'

/** An address of a file; any URI, as the sender wrote it (XEP-0103). */
export const UrlData = element(NS_URL_DATA, 'url-data', { target: attr('target') })
/** The value of the definition of the same name. */
export type UrlData = Infer<typeof UrlData>

/** Where a thumbnail is, and its size in pixels (XEP-0264). */
export const Thumbnail = element(NS_THUMBS, 'thumbnail', {
  uri: attr('uri'),
  mediaType: optional(attr('media-type')),
  width: optional(attr('width', uint)),
  height: optional(attr('height', uint)),
})
/** The value of the definition of the same name. */
export type Thumbnail = Infer<typeof Thumbnail>

/** What is told about a file (XEP-0446). With encryption, of the file before it (XEP-0448 §3.1). */
export const FileMetadata = element(NS_FILE_METADATA, 'file', {
  mediaType: optional(childText('media-type')),
  /** Anything the sender likes; see `safeFileName`. */
  name: optional(childText('name')),
  /** When it was last changed. */
  date: optional(childText('date', dateTime)),
  /** Bytes. */
  size: optional(childText('size', uint)),
  /** Pixels. */
  width: optional(childText('width', uint)),
  /** Pixels. */
  height: optional(childText('height', uint)),
  /** Milliseconds. */
  length: optional(childText('length', uint)),
  hashes: children(Hash),
  /** By language. */
  desc: langText('desc'),
  thumbnails: children(Thumbnail),
})
/** The value of the definition of the same name. */
export type FileMetadata = Infer<typeof FileMetadata>

/** The value of {@link EncryptedSource}. */
export interface EncryptedSource {
  /** The namespace of the cipher. */
  readonly cipher: string
  /** The key. Hides itself from logs. */
  readonly key: SecretBytes
  /** The initialization vector. */
  readonly iv: Uint8Array
  /** Hashes of the file as it is encrypted. */
  readonly hashes: readonly Hash[]
  /** Where to get it. */
  readonly sources: FileSources
}

/** The value of {@link FileSources}. */
export interface FileSources {
  /** The `id` of the shared file that these are for, if they come later. */
  readonly id?: string | undefined
  /** Sources of the file in encrypted form. */
  readonly encrypted: readonly EncryptedSource[]
  /** Addresses of the file as it is. */
  readonly urls: readonly UrlData[]
}

/** A source of which the file must be decrypted (XEP-0448 §3.1). */
export const EncryptedSource: ElementDef<EncryptedSource> = element(NS_ESFS, 'encrypted', {
  cipher: attr('cipher'),
  key: childText('key', secretBase64),
  iv: childText('iv', base64),
  hashes: children(Hash),
  sources: child(lazy(() => FileSources)),
})

/** Where a file can be got (XEP-0447 §3.1). Sources of other kinds are not part of the value. */
export const FileSources: ElementDef<FileSources> = element(NS_SFS, 'sources', {
  id: optional(attr('id')),
  encrypted: children(EncryptedSource),
  urls: children(UrlData),
})

/** A file that is shared (XEP-0447 §3.1). With an encrypted source it must itself be inside of the encryption (XEP-0448 §3). */
export const FileSharing = element(NS_SFS, 'file-sharing', {
  /** Whether to show it, or to offer it for download. */
  disposition: optional(attr('disposition', oneOf('inline', 'attachment'))),
  /** Tells the files of one message from each other. */
  id: optional(attr('id')),
  file: child(FileMetadata),
  sources: optional(child(FileSources)),
})
/** The value of the definition of the same name. */
export type FileSharing = Infer<typeof FileSharing>
