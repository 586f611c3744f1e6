import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { prove, reveal } from './proof.js'

describe('prove (XEP-0114 §3)', () => {
  test.each([
    ['3BF96D32', 'secret'],
    ['', 'x'],
    ['ü', 'ß€𝄞'],
    ['15', '1'], // a digest that begins with zeros is not shorter
  ])('of %j and %j', async (id, secret) => {
    const expected = createHash('sha1').update(id, 'utf8').update(secret, 'utf8').digest('hex')
    expect(await prove(id, secret)).toBe(expected)
    expect(expected).toMatch(/^[0-9a-f]{40}$/)
  })

  test('keeps the zeros in front of each byte', async () => {
    const ids = Array.from({ length: 64 }, (_, index) => String(index))
    const proofs = await Promise.all(ids.map((id) => prove(id, 's')))
    expect(new Set(proofs.map((proof) => proof.length))).toEqual(new Set([40]))
  })

  test('reveal takes a text or a function', async () => {
    expect(await Promise.all([reveal('a'), reveal(() => 'b'), reveal(async () => 'c')])).toEqual(['a', 'b', 'c'])
    await expect(reveal(async () => '')).rejects.toThrow(TypeError)
  })
})
