import { request } from 'node:https'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ReadableStream } from 'node:stream/web'

/** A part of `fetch` that trusts a lab's authority, which Node's own cannot be told to in a running process. */
export const httpsFetch =
  (ca: string) =>
  async (url: string, { method = 'GET', headers, body, signal }: RequestInit = {}): Promise<Response> => {
    const sent = Object.fromEntries(new Headers(headers))
    if (body instanceof Blob) sent['content-length'] = String(body.size)
    const stream = body instanceof Blob ? body.stream() : body
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { ca, method, headers: sent, ...(signal && { signal }) }, (answer) => {
        const { statusCode: status = 0, headers: got } = answer
        buffer(answer).then((bytes) => {
          const type = got['content-type'] ?? ''
          const isEmpty = status === 204 || status === 304
          resolve(new Response(isEmpty ? null : new Uint8Array(bytes), { status, headers: { 'content-type': type } }))
        }, reject)
      })
      outgoing.on('error', reject)
      if (stream)
        Readable.fromWeb(stream as ReadableStream)
          .on('error', reject)
          .pipe(outgoing)
      else outgoing.end()
    })
  }
