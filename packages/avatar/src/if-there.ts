import type { StanzaError } from '@couplet/stanza'

/** They say something about the way to an entity, and not about what it has. */
const elsewhere: ReadonlySet<string> = new Set([
  'internal-server-error',
  'remote-server-not-found',
  'remote-server-timeout',
  'resource-constraint',
])

/** What somebody has; `undefined` if they say that they have not, or not for us, or do not know what we want. */
export async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    const { name, condition = '', retry } = error as Partial<StanzaError> // also one of another copy of the package
    if (name === 'StanzaError' && retry !== 'backoff' && !elsewhere.has(condition)) return undefined
    throw error
  }
}
