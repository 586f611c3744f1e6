import { describe, expect, test } from 'vitest'

// What runs beside other languages has no types.
const load = (path: string) => import(String(new URL(path, import.meta.url)))
const { archived, archiveIdOf, entryOf, expected, rosterOf } = await load('../size/contents.mjs')
const { Seen } = await load('../size/seen.mjs')
const { prepared } = await load('../throughput/scripted-session.mjs')

const count = (text: string, part: string): number => text.split(part).length - 1

describe('large accounts', () => {
  test('what has to be seen is what the server sends', () => {
    const roster = rosterOf(100)
    expect(expected('roster', 100)).toMatchObject({ items: count(roster, '<item '), details: count(roster, '<group>') })
    const entry = entryOf(100).join('')
    expect(expected('room', 100)).toMatchObject({
      items: count(entry, '<presence '),
      details: count(entry, "role='moderator'"),
    })
    expect(expected('archive', 100)).toMatchObject({ items: 100 })
  })

  test('one that is missing, or is another one, is noticed', () => {
    const seen = new Seen()
    seen.add(['person0@example.org', 'Somebody 0 Żółć'], 2)
    expect({ ...seen }).toEqual(expected('roster', 1))
    seen.add(['person1@example.org', 'Somebody 1'], 1)
    expect({ ...seen }).toEqual(expected('roster', 2))
    expect({ ...seen, characters: seen.characters - 1 }).not.toEqual(expected('roster', 2))
    expect(expected('roster', 3)).not.toMatchObject({ items: 2 })
  })

  test('a message of the archive has its id in order, and the query it answers', () => {
    expect(archiveIdOf(41) < archiveIdOf(42)).toBe(true)
    expect(archived(7, 'q1')).toContain(`queryid='q1' id='${archiveIdOf(7)}'`)
  })

  test('a hundred stanzas are a block of the stream, and each is a frame with a namespace of its own', () => {
    const { blocks, frames } = prepared(Array.from({ length: 150 }, (_, i) => `<presence id='${i}'><x/></presence>`))
    expect([blocks.length, frames.length]).toEqual([2, 150])
    expect(String(frames[1])).toBe("<presence xmlns='jabber:client' id='1'><x/></presence>")
  })
})
