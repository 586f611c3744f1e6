import { Agent, type RequestOptions, request } from 'node:https'
import type { FetchOptions, HttpClient, HttpRequest } from './open-fetch.js'
import { responseLimit, tooLarge } from './response-limit.js'

/** A `fetch` over `node:https`: Node's own cannot be told whom to trust. */
export function openFetch({ ca }: FetchOptions): HttpClient {
  const agent = new Agent({
    keepAlive: true,
    rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    ...(ca !== undefined && { ca: [ca].flat() }),
  })
  return { fetch: (url, init) => send(agent, url, init), close: () => agent.destroy() }
}

/** Redirects are an answer like any other here. */
function send(agent: Agent, url: string, init: HttpRequest): Promise<Response> {
  const { method = 'GET', headers = {}, body, signal } = init
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { agent, method, headers, signal }
    const outgoing = request(url, options, (answer) => {
      // In one piece: read by piece, a response that is cut would have to break a stream that nobody may be reading.
      collect(answer).then((bytes) => resolve(toResponse(answer.statusCode ?? 0, bytes)), reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function collect(answer: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer) {
    size += chunk.length
    if (size > responseLimit) throw tooLarge() // and the loop closes what it reads from
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Some statuses have no body, and some numbers are none. */
function toResponse(status: number, bytes: Uint8Array<ArrayBuffer>): Response {
  const isKnown = status >= 200 && status <= 599
  return new Response(bytes.length > 0 ? bytes : null, { status: isKnown ? status : 599 })
}
