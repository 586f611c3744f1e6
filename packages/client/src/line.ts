import type { XmlElement } from '@couplet/stanza'
import type { AckSource, SendTicket } from './send-ticket.js'
import type { StreamManagement } from './stream-management.js'

/** Where stanzas go while there is a connection. */
export interface StanzaWriter {
  /** Sends one stanza, serialised for the default namespace `jabber:client`. */
  write(text: string): void
  /** Sends one element that is not a stanza. */
  sendElement(element: XmlElement): void
  /** What the connection below does about back-pressure; without it there is none. */
  readonly connection?: {
    /** Whether a stanza is a document of its own, with its namespace (RFC 7395 §3.3.3). */
    readonly framed?: boolean
    readonly buffered: number
    drained(): Promise<void>
    pause(paused: boolean): void
  }
}

/** A connection with what acknowledges its stanzas. */
export interface Line {
  readonly writer: StanzaWriter
  readonly acks: AckSource
  /**
   * What is written for a stanza, if there is room for so many characters more than its own. It comes with the line, as only
   * who connects needs it: it is not in the first chunk of a bundle.
   */
  textOf(ticket: SendTicket, room: number): string
  /** With stream management what was written is kept until it is acknowledged. */
  readonly management?: StreamManagement | undefined
  /** The largest stanza the server takes, in bytes (XEP-0478). */
  readonly maxBytes?: number | undefined
}
