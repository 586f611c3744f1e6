import { describe, expect, test } from 'vitest'
import type { ResultSet, ResultSetRequest } from './elements.js'
import { paginate, type ResultPage } from './paginate.js'

/** A responder with the items 1 to `size`, and what it was asked. */
function responder(size: number, { saysComplete = true } = {}) {
  const requests: ResultSetRequest[] = []
  const fetch = async (request: ResultSetRequest) => {
    requests.push(request)
    const { after, before, max = 10 } = request
    const end =
      before === undefined ? Math.min(size, Number(after ?? 0) + max) : before === '' ? size : Number(before) - 1
    const start = before === undefined ? Number(after ?? 0) + 1 : Math.max(1, end - max + 1)
    const items = Array.from({ length: Math.max(0, end - start + 1) }, (_, i) => start + i)
    const page: ResultSet = items.length === 0 ? {} : { first: { id: String(start) }, last: String(end), count: size }
    const complete = before === undefined ? end === size : start === 1
    return { items, page, ...(saysComplete ? { complete } : {}) }
  }
  return { fetch, requests }
}

async function collect<P>(pages: AsyncIterable<P>): Promise<P[]> {
  const all: P[] = []
  for await (const page of pages) all.push(page)
  return all
}

const all = (size: number): number[] => Array.from({ length: size }, (_, i) => i + 1)
const repeating = (last: string): ResultPage => ({ page: { first: { id: last }, last } })

describe('paginate', () => {
  test('R-033 1,237 items are 25 pages of 50, and the last one ends it', async () => {
    const { fetch, requests } = responder(1237)
    const pages = await collect(paginate({ max: 50 }, fetch))
    expect(pages).toHaveLength(25)
    expect(pages.flatMap(({ items }) => items)).toEqual(all(1237))
    expect(requests).toHaveLength(25)
    expect(requests[0]).toEqual({ max: 50 })
    expect(requests[24]).toEqual({ max: 50, after: '1200' })
  })

  test('without a word about completeness, an empty page ends it', async () => {
    const { fetch, requests } = responder(30, { saysComplete: false })
    const pages = await collect(paginate({ max: 10 }, fetch))
    expect(pages.map(({ items }) => items.length)).toEqual([10, 10, 10, 0])
    expect(requests.at(-1)).toEqual({ max: 10, after: '30' })
  })

  test('backwards from the end, page by page', async () => {
    const { fetch, requests } = responder(25)
    const pages = await collect(paginate({ max: 10, before: '' }, fetch))
    expect(pages.map(({ items }) => items[0])).toEqual([16, 6, 1])
    expect(requests.map(({ before }) => before)).toEqual(['', '16', '6'])
  })

  test('R-033 a repeated last id is an error, not a loop', async () => {
    let calls = 0
    const pages = paginate({}, async () => {
      calls++
      return repeating('same')
    })
    await expect(collect(pages)).rejects.toMatchObject({ name: 'PagingError', code: 'repeated-item', retry: 'no' })
    expect(calls).toBe(2)
  })

  test('R-033 a cycle of last ids is an error, in both directions', async () => {
    for (const first of [{}, { before: '' }]) {
      let calls = 0
      const pages = paginate(first, async () => repeating(String(calls++ % 3)))
      await expect(collect(pages)).rejects.toMatchObject({ code: 'repeated-item' })
      expect(calls).toBe(4)
    }
  })

  test('a response without a result set is the only page', async () => {
    const fetch = async (): Promise<ResultPage & { all: boolean }> => ({ all: true })
    expect(await collect(paginate({ max: 10 }, fetch))).toEqual([{ all: true }])
  })

  test('nothing is fetched before it is asked for, nor after break', async () => {
    const { fetch, requests } = responder(100)
    const pages = paginate({ max: 10 }, fetch)
    expect(requests).toHaveLength(0)
    for await (const _page of pages) break
    expect(requests).toHaveLength(1)
  })

  test('what fetch throws is thrown', async () => {
    const error = new Error('item-not-found')
    await expect(collect(paginate({}, () => Promise.reject(error)))).rejects.toBe(error)
  })
})
