/** Bytes to be read: at once, or one piece after the other. */
export type ByteSource = Uint8Array | Blob | ReadableStream<Uint8Array>

/** Bytes that are read, encrypted and handed on at once: a multiple of the cipher's block of 16. */
export const pieceSize = 65_536

/**
 * The bytes of a source in fresh pieces of {@link pieceSize}, the last one of what is left; none if there is nothing. Whoever
 * stops early cancels the source. Rejects with `signal.reason`, and with what the source fails with.
 */
export async function* bytePieces(source: ByteSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = streamOf(source).getReader()
  // A read that waits for ever ends when the stream does.
  const abort = (): void => void reader.cancel(signal?.reason).catch(() => {})
  signal?.addEventListener('abort', abort, { once: true })
  try {
    signal?.throwIfAborted()
    let piece = new Uint8Array(pieceSize)
    let filled = 0
    for (;;) {
      const { done, value } = await reader.read()
      signal?.throwIfAborted()
      if (done) break
      if (!(value instanceof Uint8Array)) throw new TypeError('a stream of bytes has chunks of Uint8Array')
      for (let at = 0; at < value.length; ) {
        const part = value.subarray(at, at + pieceSize - filled)
        piece.set(part, filled)
        filled += part.length
        at += part.length
        if (filled < pieceSize) continue
        yield piece
        piece = new Uint8Array(pieceSize)
        filled = 0
      }
    }
    if (filled > 0) yield piece.slice(0, filled)
  } finally {
    signal?.removeEventListener('abort', abort)
    void reader.cancel().catch(() => {}) // it has ended, or nobody wants the rest
  }
}

function streamOf(source: ByteSource): ReadableStream<Uint8Array> {
  if (source instanceof Uint8Array) {
    return new ReadableStream({
      start(controller) {
        controller.enqueue(source)
        controller.close()
      },
    })
  }
  return 'getReader' in source ? source : source.stream()
}

/** What a generator makes of a source, as a stream that asks for the next piece when the one before is taken. */
export function streamFrom(pieces: AsyncGenerator<Uint8Array>, source: ByteSource): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return(undefined)
        dismiss(source)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Ends a source that nobody reads any more; one that is being read is ended by its reader. */
export function dismiss(source: ByteSource): void {
  if ('getReader' in source) void source.cancel().catch(() => {})
}
