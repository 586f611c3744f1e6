/** Called with the bytes that were handed to the network so far, and with all there are. */
export type ProgressHandler = (sent: number, total: number) => void

/** Bytes that are read and counted at once. */
const pieceSize = 65_536

/** A part of what `process` says about the platform. */
interface PlatformFacts {
  readonly versions?: Readonly<Record<string, string | undefined>>
  /** `renderer` in the windows of Electron, whose `fetch` is that of a browser. */
  readonly type?: string
}

/**
 * Whether `fetch` sends a stream with the length we declare, as Node does. Browsers send it in chunks without a length,
 * which services must refuse (XEP-0363 §7), or not at all.
 */
export function streamsWithLength(facts: PlatformFacts | undefined = platformFacts()): boolean {
  const { node, bun, deno } = facts?.versions ?? {}
  return node !== undefined && bun === undefined && deno === undefined && facts?.type !== 'renderer'
}

const platformFacts = (): PlatformFacts | undefined => (globalThis as { readonly process?: PlatformFacts }).process

/** The file in pieces, each read when the one before has been taken. */
export function countedStream(file: Blob, onProgress: ProgressHandler): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream(
    {
      async pull(controller) {
        const piece = await file.slice(sent, sent + pieceSize).arrayBuffer()
        sent += piece.byteLength
        controller.enqueue(new Uint8Array(piece))
        onProgress(sent, file.size)
        if (sent >= file.size || piece.byteLength === 0) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
