/** Thrown in a script that waits for something when the client has closed the connection. */
export class PeerClosedError extends Error {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'PeerClosedError'
}
