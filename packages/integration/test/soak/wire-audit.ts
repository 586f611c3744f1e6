import type { Recording } from '../conformance/recording-transport.js'

/** What the wire says that a server has taken, and what it has sent: counted here, whatever the client thinks. */
export interface WireAudit {
  /** Ids of stanzas that the server has acknowledged. */
  readonly acknowledged: ReadonlySet<string>
  /** Ids of requests that it has acknowledged and never answered. */
  readonly unanswered: readonly string[]
  /** Numbers that came, again or for the first time, after a greater one had come. */
  readonly overtaken: ReadonlySet<number>
}

/** `h` of an acknowledgement, of a resumed session, and of one that is not (XEP-0198 §4, §5); or a new session. */
const management = /<(a|resumed|failed|enabled)\b(?=[^>]*xmlns=['"]urn:xmpp:sm:3['"])([^>]*)>/g

/**
 * Goes through a recording of one client that sends a stanza per write.
 *
 * @throws Error if the server has acknowledged what was never sent
 */
export function auditWire({ log, received }: Recording): WireAudit {
  const acknowledged = new Set<string>()
  let outstanding: string[] = []
  let count = 0
  let rest = ''
  for (const { by, text } of log) {
    if (by === 'client') {
      const [, id] = /^<(?:message|iq|presence)\b[^>]*?(?:\sid='([^']*)'[^>]*)?>/.exec(text) ?? []
      if (/^<(message|iq|presence)\b/.test(text)) outstanding.push(id ?? '')
      continue
    }
    // What is cut off in the middle of a tag goes on with the next piece, or, on another connection, does not match.
    const piece = rest + text
    rest = piece.slice(piece.lastIndexOf('<'))
    if (rest.includes('>')) rest = ''
    for (const [, name, attributes = ''] of piece.slice(0, piece.length - rest.length).matchAll(management)) {
      const h = Number(/\bh=['"](\d+)['"]/.exec(attributes)?.[1] ?? count)
      if (name === 'enabled') [outstanding, count] = [[], 0]
      else {
        if (h - count > outstanding.length) throw new Error(`h is ${h}, of ${count + outstanding.length} stanzas`)
        for (; count < h; count++) acknowledged.add(outstanding.shift() as string)
      }
      // All that is left is written again.
      if (name === 'resumed') outstanding = []
    }
  }
  return { acknowledged, unanswered: unansweredIn(log, received, acknowledged), overtaken: overtakenIn(received) }
}

function unansweredIn(log: Recording['log'], received: string, acknowledged: ReadonlySet<string>): string[] {
  const asked = log.flatMap(({ by, text }) => {
    const [, id] = (by === 'client' && /^<iq\b[^>]*type='[gs]et'[^>]*\sid='([^']*)'/.exec(text)) || []
    return id === undefined ? [] : [id]
  })
  const answered = new Set([...received.matchAll(/<iq\b[^>]*\sid=['"]([^'"]*)['"]/g)].map(([, id]) => id))
  return [...new Set(asked)].filter((id) => acknowledged.has(id) && !answered.has(id))
}

/** Of whole messages: one that was cut off has not come. */
function overtakenIn(received: string): Set<number> {
  const streams = received.split('<stream:stream')
  const messages = streams.flatMap((stream) => stream.match(/<message\b.*?<\/message>/gs) ?? [])
  const found = new Set<number>()
  let greatest = -1
  for (const text of messages) {
    const [, value] = /<n\b[^>]*\svalue=['"](\d+)['"]/.exec(text) ?? []
    if (Number(value) < greatest) found.add(Number(value))
    if (value !== undefined) greatest = Math.max(greatest, Number(value))
  }
  return found
}
