import { field, resultForm } from '@couplet/forms'
import {
  attr,
  child,
  children,
  childText,
  dateTime,
  define,
  type ElementDef,
  element,
  type Infer,
  iqGet,
  Malformed,
  optional,
  text,
  uint,
  type XmlElement,
  xml,
} from '@couplet/stanza'

/** The namespace of uploads, and the feature of services that take them (XEP-0363 §3). */
export const NS_HTTP_UPLOAD = 'urn:xmpp:http:upload:0'
/** The namespace of what uploads are for (XEP-0363 §5). */
export const NS_UPLOAD_PURPOSE = 'urn:xmpp:http:upload:purpose:0'

/**
 * What an upload is for, which decides how long the service keeps it: `message`, the default; `profile`, such as an avatar;
 * `permanent`; or until a time at the latest (XEP-0363 §5).
 */
export type UploadPurpose = 'message' | 'profile' | 'permanent' | { readonly expireBefore: Date }

const Ephemeral = element(NS_UPLOAD_PURPOSE, 'ephemeral', { expireBefore: attr('expire-before', dateTime) })
const lasting = ['message', 'profile', 'permanent'] as const

/** What an upload is for (XEP-0363 §5). */
export const UploadPurpose: ElementDef<UploadPurpose> = define<UploadPurpose>(
  NS_UPLOAD_PURPOSE,
  [...lasting, 'ephemeral'],
  (purpose) => (typeof purpose === 'string' ? xml(NS_UPLOAD_PURPOSE, purpose) : Ephemeral(purpose)),
  readPurpose,
)

function readPurpose(node: XmlElement): UploadPurpose | Malformed {
  if (Ephemeral.matches(node)) return Ephemeral.parse(node)
  return lasting.find((purpose) => purpose === node.name) ?? new Malformed('', 'is no purpose')
}

/** Asks for a place to upload a file to (XEP-0363 §4). */
export const UploadRequest = element(NS_HTTP_UPLOAD, 'request', {
  filename: attr('filename'),
  /** Bytes. */
  size: attr('size', uint),
  contentType: optional(attr('content-type')),
  purpose: optional(child(UploadPurpose)),
})
/** The value of the definition of the same name. */
export type UploadRequest = Infer<typeof UploadRequest>

/** A header of the HTTP request, as the service wrote it (XEP-0363 §4). */
export const UploadHeader = element(NS_HTTP_UPLOAD, 'header', { name: attr('name'), value: text() })
/** The value of the definition of the same name. */
export type UploadHeader = Infer<typeof UploadHeader>

/** Where to upload a file to, and where others fetch it, as the service wrote it: not checked (XEP-0363 §4). */
export const UploadSlot = element(NS_HTTP_UPLOAD, 'slot', {
  put: child(element(NS_HTTP_UPLOAD, 'put', { url: attr('url'), headers: children(UploadHeader) })),
  get: child(element(NS_HTTP_UPLOAD, 'get', { url: attr('url') })),
})
/** The value of the definition of the same name. */
export type UploadSlot = Infer<typeof UploadSlot>

/** In an error: the file is too large (XEP-0363 §6). */
export const FileTooLarge = element(NS_HTTP_UPLOAD, 'file-too-large', {
  /** Bytes. */
  maxFileSize: optional(childText('max-file-size', uint)),
})
/** The value of the definition of the same name. */
export type FileTooLarge = Infer<typeof FileTooLarge>

/** In an error: when to try again (XEP-0363 §6). */
export const UploadRetry = element(NS_HTTP_UPLOAD, 'retry', { stamp: attr('stamp', dateTime) })
/** The value of the definition of the same name. */
export type UploadRetry = Infer<typeof UploadRetry>

/** The form with which a service says in service discovery what it takes (XEP-0363 §3). */
export const UploadLimits = resultForm(NS_HTTP_UPLOAD, {
  /** Bytes. */
  maxFileSize: optional(field('max-file-size', uint)),
})
/** The value of the definition of the same name. */
export type UploadLimits = Infer<typeof UploadLimits>

/** The request for a place, and the place (XEP-0363 §4). */
export const requestSlot = iqGet(UploadRequest, UploadSlot)
