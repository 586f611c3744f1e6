/**
 * The narrow waist between the stream parser and whatever splits text into XML tokens. A tokenizer must refuse what is
 * not namespace-well-formed XML 1.0; it need not know XMPP's further restrictions or any limit.
 */
export interface Tokenizer {
  /** Takes the next piece of the stream; reports through the sink. */
  write(text: string): void
  /** How many UTF-16 units were consumed so far; exact inside a call of the sink. */
  readonly position: number
}

/** An attribute as it is seen first: before its prefix is resolved. */
export interface RawAttribute {
  readonly prefix: string
  readonly local: string
  readonly value: string
  /** The namespace; set by the time of `open`. */
  readonly uri?: string
}

/** Where a tokenizer reports to. Any method may throw to stop it; it is not used again after that. */
export interface TokenSink {
  /** The name of a start tag is complete; its attributes follow. */
  tagName(name: string): void
  /** An attribute or namespace declaration is complete. */
  attribute(attribute: RawAttribute): void
  /** A start tag is complete. */
  open(ns: string, prefix: string, local: string): void
  /** An element is complete. */
  close(): void
  /** Character data between two tags, whole. */
  text(text: string): void
  /** A CDATA section, whole. */
  cdata(text: string): void
  /** `<?xml …?>`, at the start of the document only. */
  declaration(version: string | undefined, encoding: string | undefined): void
  /** A comment, processing instruction or document type declaration, which RFC 6120 §11.1 forbids. */
  restricted(): void
  /** Not well-formed. */
  malformed(problem: string): void
}
