/**
 * The typed stanza model: one immutable XML tree, one schema value per element, the stream parser and serializer, JIDs,
 * and the three stanzas (RFC 6120, RFC 6121, RFC 7622).
 *
 * @module
 */

export { NS_CLIENT, NS_STANZA_ERRORS, NS_STREAM, NS_STREAM_ERRORS } from './elements.js'
export { type Retry, XmppError } from './error.js'
export { Iq, IqElement, type IqInit, type IqType, iq } from './iq.js'
export { type BareJid, type FullJid, InvalidJidError, Jid, type JidPart, type JidParts } from './jid.js'
export { Message, MessageElement, type MessageInit, type MessageType, message } from './message.js'
export {
  Presence,
  PresenceElement,
  type PresenceInit,
  type PresenceShow,
  type PresenceType,
  presence,
} from './presence.js'
export { base64, bool, type Codec, dateTime, int, jid, oneOf, str, uint } from './schema/codec.js'
export {
  type AlternativeValue,
  define,
  type ElementDef,
  element,
  type Fields,
  type FieldValues,
  type Infer,
  lazy,
  marker,
  oneOfElements,
  type ReadResult,
  tagged,
} from './schema/element-def.js'
export {
  anyElement,
  attr,
  child,
  children,
  childText,
  childTexts,
  type ElementParts,
  type Field,
  flag,
  type LangText,
  langText,
  type OptionalField,
  optional,
  text,
} from './schema/field.js'
export { type EmptyResult, type IqProcedure, iqGet, iqSet } from './schema/iq-procedure.js'
export { Malformed, MalformedElementError } from './schema/malformed.js'
export { Stanza, type StanzaInit } from './stanza.js'
export { StanzaError, type StanzaErrorCondition, type StanzaErrorInit, type StanzaErrorType } from './stanza-error.js'
export {
  StreamError,
  type StreamErrorCondition,
  type StreamErrorInit,
  streamErrorConditions,
} from './stream-error.js'
export { type AttributeInput, readElement, XmlElement, type XmlNode, xml } from './xml/element.js'
export { abridge, flatten, intern } from './xml/flatten.js'
export { defaultLimits, type ParserLimits } from './xml/limits.js'
export { escapeAttribute, escapeText, IllegalCharacterError, serialize } from './xml/serialize.js'
export type { StreamEvent } from './xml/tree-builder.js'
