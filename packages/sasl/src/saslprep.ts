import { refuse } from './sasl-error.js'

/**
 * SASLprep (RFC 4013). `stored` forbids code points unassigned in Unicode 3.2, as RFC 5802 §2.2 wants for passwords.
 * @throws SaslError `malformed` for what the profile forbids and for what it leaves empty.
 */
export async function saslprep(text: string, what: string, mechanism: string, stored = false): Promise<string> {
  // Printable ASCII maps to itself, so nearly every login goes without the tables.
  if (/^[ -~]+$/.test(text)) return text
  let prepared = ''
  if (/[^\0-\x7f]/.test(text)) {
    const { default: prepare } = await import('@mongodb-js/saslprep')
    try {
      prepared = prepare(text, { allowUnassigned: !stored })
    } catch {
      // The library's message is dropped: nothing derived from a password may travel in an error.
    }
  }
  return prepared || refuse(mechanism, 'malformed', `${what} is empty or has prohibited characters`)
}
