import { describe, expect, test } from 'vitest'
import { countedStream, streamsWithLength } from './file-body.js'

describe('which platforms can send a stream with its length', () => {
  test.each([
    ['Node', { versions: { node: '20.19.0' } }, true],
    ['the main process of Electron', { versions: { node: '22.0.0', electron: '35' }, type: 'browser' }, true],
    ['a window of Electron', { versions: { node: '22.0.0', electron: '35' }, type: 'renderer' }, false],
    ['Deno', { versions: { node: '20.11.1', deno: '2.0.0' } }, false],
    ['Bun', { versions: { node: '22.6.0', bun: '1.1.0' } }, false],
    ['a bundler that stands in for process', {}, false],
  ])('%s', (_name, facts, can) => expect(streamsWithLength(facts)).toBe(can))

  test('here', () => expect(streamsWithLength()).toBe(true))
})

describe('countedStream', () => {
  test('all of the file, in pieces that are counted', async () => {
    const bytes = Uint8Array.from({ length: 150_000 }, (_, i) => i % 251)
    const seen: number[] = []
    const stream = countedStream(new Blob([bytes]), (sent, total) => void seen.push(sent, total))
    expect(Buffer.from(await new Response(stream).arrayBuffer()).equals(bytes)).toBe(true)
    expect(seen).toEqual([65_536, 150_000, 131_072, 150_000, 150_000, 150_000])
  })

  test('nothing is read before it is wanted', async () => {
    const seen: number[] = []
    const reader = countedStream(new Blob([new Uint8Array(200_000)]), (sent) => void seen.push(sent)).getReader()
    expect(seen).toEqual([])
    await reader.read()
    expect(seen).toEqual([65_536])
    await reader.cancel()
  })

  test('a file that has become shorter ends, and does not read for ever', async () => {
    const short = { size: 10, slice: () => new Blob([]) } as unknown as Blob
    const bytes = await new Response(countedStream(short, () => {})).arrayBuffer()
    expect(bytes.byteLength).toBe(0)
  })
})
