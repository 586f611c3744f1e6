import type { StateStore } from '@couplet/client'
import { Level } from 'level'
import { expectTypeOf, test } from 'vitest'
import { type LevelDatabase, levelStore } from './level-store.js'

test('databases of any key and value type are taken, and sublevels', () => {
  expectTypeOf<Level>().toExtend<LevelDatabase>()
  expectTypeOf<Level<string, Uint8Array>>().toExtend<LevelDatabase>()
  expectTypeOf<Level<number, { a: number }>>().toExtend<LevelDatabase>()
  const db = new Level<string, Uint8Array>('unused', { valueEncoding: 'view' })
  expectTypeOf(levelStore(db.sublevel('xmpp'))).toEqualTypeOf<StateStore>()
  expectTypeOf(levelStore(db.sublevel<string, number>('xmpp', { valueEncoding: 'json' }))).toEqualTypeOf<StateStore>()
})

test('what is no database is not taken', () => {
  // @ts-expect-error a map has no batch
  levelStore(new Map<string, string>())
})
