import { writeEnvelope } from '@couplet/sce'
import { type Jid, message, type XmlElement } from '@couplet/stanza'
import type { CryptoBackend } from '../crypto/backend.js'
import { utf8Bytes } from '../crypto/bytes.js'
import { emptyLegacyPayload, encryptLegacyPayload } from '../legacy/payload.js'
import { emptyOmemo2KeyMaterial, encryptOmemo2Payload } from '../omemo2/payload.js'
import type { VersionName } from '../wire/version.js'

/** An encrypted payload, and what a ratchet gives to each device so that it can open it. */
export interface SealedPayload {
  readonly keyMaterial: Uint8Array
  readonly payload: Uint8Array | undefined
  readonly iv: Uint8Array | undefined
}

/** What is said, to whom and by whom. */
export interface PlainContent {
  /** The elements, each in a namespace of its own; a text is a `<body/>`. */
  readonly content: readonly XmlElement[]
  readonly from: Jid
  /** An account, or a room. */
  readonly to: Jid
  readonly time: Date
}

/** The content in an envelope that names who says it to whom, always (XEP-0384 §5.5, OMEMO S5). */
export function sealEnvelope(backend: CryptoBackend, { content, from, to, time }: PlainContent): SealedPayload {
  return { ...encryptOmemo2Payload(backend, writeEnvelope({ content, from, to, time })), iv: undefined }
}

/**
 * The text alone: 0.3 has nothing else. `undefined` if there is no text.
 *
 * @throws IllegalCharacterError for what no XML could hold: nobody would read it
 */
export function sealText(backend: CryptoBackend, content: readonly XmlElement[]): SealedPayload | undefined {
  const said = message({}, ...content)
  const { body } = said
  if (body === undefined) return undefined
  String(said.element.child('body')) // throws
  return encryptLegacyPayload(backend, utf8Bytes(body))
}

/** What 0.3 leaves out of the content. */
export const droppedByText = (content: readonly XmlElement[]): readonly string[] =>
  content
    .filter((element) => element.name !== 'body' || message({}, element).body === undefined)
    .map(({ ns, name }) => `{${ns}}${name}`)

/** An empty message (XEP-0384 §5.5). */
export function sealNothing(backend: CryptoBackend, version: VersionName): SealedPayload {
  return version === 'omemo2'
    ? { keyMaterial: emptyOmemo2KeyMaterial(), payload: undefined, iv: undefined }
    : { ...emptyLegacyPayload(backend), payload: undefined }
}
