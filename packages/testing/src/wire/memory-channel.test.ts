import type { Connection, Transport } from '@couplet/client'
import { describe, expect, test } from 'vitest'
import type { Channel } from './channel.js'
import { memoryTransport } from './memory-channel.js'

const connect = (transport: Transport): Promise<Connection> =>
  transport.connect({ domain: 'example.org', service: undefined, signal: new AbortController().signal })

/** Both ends of a connection, each with what it got. */
async function pair(framed = false) {
  let channel!: Channel
  const connection = await connect(
    memoryTransport(
      (end) => (channel = end),
      () => true,
      { framed },
    ),
  )
  const client = listen((listener) => connection.listen(listener))
  const server = listen((listener) => channel.listen(listener))
  return { connection, channel, client, server }
}

function listen(attach: (listener: { data(chunk: Uint8Array | string): void; closed(): void }) => void) {
  const got: string[] = []
  const closed = new Promise<void>((resolve) =>
    attach({
      data: (chunk) => got.push(typeof chunk === 'string' ? `text ${chunk}` : Buffer.from(chunk).toString()),
      closed: () => {
        got.push('closed')
        resolve()
      },
    }),
  )
  return { got, closed }
}

describe('a connection in memory', () => {
  test('carries bytes both ways and closes after everything was delivered', async () => {
    const { connection, channel, client, server } = await pair()
    connection.write('a')
    connection.write('é')
    channel.write('b')
    channel.write(Uint8Array.of(0x63))
    connection.end()
    connection.write('late')
    expect(server.got).toEqual([]) // never at once
    await Promise.all([client.closed, server.closed])
    expect(server.got).toEqual(['a', 'é', 'closed'])
    expect(client.got).toEqual(['b', 'c', 'closed'])
  })

  test('carries frames as they are', async () => {
    const { connection, server } = await pair(true)
    connection.write('<a/>')
    connection.end()
    await server.closed
    expect(server.got).toEqual(['text <a/>', 'closed'])
  })

  test('breaks: this end is closed at once, the other after what was on its way', async () => {
    const { connection, channel, client, server } = await pair()
    connection.write('a')
    channel.write('lost')
    connection.destroy()
    await Promise.all([client.closed, server.closed])
    expect(server.got).toEqual(['a', 'closed'])
    expect(client.got).toEqual(['closed'])
  })

  test('what comes while it is paused comes later', async () => {
    const { connection, channel, client, server } = await pair()
    connection.pause(true)
    channel.write('a')
    channel.write('b')
    connection.write('mark')
    channel.end()
    await new Promise((resolve) => setImmediate(resolve))
    expect(server.got).toEqual(['mark'])
    expect(client.got).toEqual([])
    connection.pause(false)
    await client.closed
    expect(client.got).toEqual(['a', 'b', 'closed'])
  })

  test('keeps the order in which several connections were written to', async () => {
    const order: string[] = []
    const ends = await Promise.all([pair(), pair()])
    for (const { channel } of ends) channel.listen({ data: (chunk) => order.push(String(chunk)), closed: () => {} })
    const [one, two] = ends.map(({ connection }) => connection) as [Connection, Connection]
    one.write('1')
    two.write('2')
    one.write('3')
    two.write('4')
    for (const { connection } of ends) connection.end()
    await Promise.all(ends.map(({ client }) => client.closed))
    expect(order).toEqual(['1', '2', '3', '4'].map((text) => String(new TextEncoder().encode(text))))
  })

  test('is refused when nobody is there, or not wanted any more', async () => {
    const closed = memoryTransport(
      () => {},
      () => false,
    )
    await expect(connect(closed)).rejects.toMatchObject({ code: 'refused', phase: 'tcp' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(closed.connect({ domain: 'x', service: undefined, signal })).rejects.toThrow('enough')
  })
})
