// Files, streams and servers for tests of file encryption.

/** Bytes that are easy to make and hard to guess. */
export function someBytes(length: number, seed = 1): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

/** A stream of these bytes in chunks of the given sizes, over and over; counts what was taken, and how it ended. */
export function streamed(bytes: Uint8Array, ...sizes: readonly number[]) {
  const seen = { taken: 0, cancelled: false }
  let turn = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const size = sizes[turn++ % sizes.length] ?? bytes.length
        const chunk = bytes.slice(seen.taken, seen.taken + size)
        seen.taken += chunk.length
        if (chunk.length > 0 || size === 0) controller.enqueue(chunk)
        if (seen.taken >= bytes.length) controller.close()
      },
      cancel() {
        seen.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

/** All that a stream gives. */
export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return joined(...chunks)
}

/** All that a blob holds. */
export const bytesOf = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer())

/** Bytes in a row. */
export const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Bytes as text that can be compared quickly. */
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
