/** What a peer may send at most; beyond it the stream ends with `policy-violation`. */
export interface ParserLimits {
  /** UTF-8 bytes of one stanza (UTF-16 units where the transport hands over text); default 1 MiB. */
  readonly stanzaBytes: number
  /** Nested elements within a stanza, itself included; default 64. */
  readonly depth: number
  /** Attributes of one element, namespace declarations included; default 128. */
  readonly attributes: number
  /** Namespace declarations of one element; default 32. */
  readonly namespaces: number
  /** UTF-16 units of a name or an attribute value, and twice that as written, with its references; default 64 KiB. */
  readonly tokenLength: number
  /** Elements of one stanza, at any depth; default 20,000. */
  readonly elements: number
}

/** The defaults. */
export const defaultLimits: ParserLimits = {
  stanzaBytes: 1_048_576,
  depth: 64,
  attributes: 128,
  namespaces: 32,
  tokenLength: 65_536,
  elements: 20_000,
}
