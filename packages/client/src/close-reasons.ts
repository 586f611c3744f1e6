import type { StreamError } from '@couplet/stanza'
import { ConnectionError } from './connection-error.js'

/** Why everything ends that is pending when the client is closed. */
export const stopped = (cause?: unknown): ConnectionError =>
  new ConnectionError('session', 'stopped', 'the client was closed', cause)

/** Why sends and requests fail when the connection ends for this reason. */
export const asReason = (error: Error): ConnectionError =>
  error.name === 'ConnectionError'
    ? (error as ConnectionError)
    : new ConnectionError('session', 'closed', 'the connection ended', error)

/** Whether we end the stream with this error, so that the server should hear it; its own come with what it sent. */
export const isOurs = (error: unknown): error is StreamError =>
  error instanceof Error && error.name === 'StreamError' && (error as StreamError).element === undefined
