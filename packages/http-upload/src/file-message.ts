import { OobData } from '@couplet/oob'
import { type Message, type MessageInit, message, type XmlElement } from '@couplet/stanza'
import type { UploadedFile } from './http-upload.js'

/**
 * A message that shows an uploaded file: its address is the body, and marked as one (XEP-0066), so that most clients show
 * the file instead.
 */
export function fileMessage(
  init: Omit<MessageInit, 'body'>,
  { url }: Pick<UploadedFile, 'url'>,
  ...payloads: readonly XmlElement[]
): Message {
  return message({ ...init, body: url }, OobData({ url }), ...payloads)
}
