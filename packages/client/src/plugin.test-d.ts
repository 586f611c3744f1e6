import { describe, expectTypeOf, test } from 'vitest'
import type { AnyPlugin, Apis, Complete, Plugin, PluginContext } from './plugin.js'
import type { Session } from './session.js'

interface Disco {
  info(): Promise<string>
}
interface Mam {
  query(): AsyncGenerator<number>
}
type DiscoPlugin = Plugin<'disco', Disco>
type MamPlugin = Plugin<'mam', Mam, { disco: Disco }>
type MucPlugin = Plugin<'muc', number, { disco: Disco; mam: Mam }>

describe('Complete', () => {
  test('is the list itself, in any order, if every need is met', () => {
    expectTypeOf<Complete<readonly [DiscoPlugin, MamPlugin]>>().toEqualTypeOf<readonly [DiscoPlugin, MamPlugin]>()
    expectTypeOf<Complete<readonly [MucPlugin, MamPlugin, DiscoPlugin]>>().toEqualTypeOf<
      readonly [MucPlugin, MamPlugin, DiscoPlugin]
    >()
    expectTypeOf<Complete<readonly []>>().toEqualTypeOf<readonly []>()
  })

  test('says which plugin needs which', () => {
    expectTypeOf<Complete<readonly [MamPlugin]>>().toEqualTypeOf<readonly ['plugin "mam" needs plugin "disco"']>()
    expectTypeOf<Complete<readonly [DiscoPlugin, MucPlugin]>>().toEqualTypeOf<
      readonly [DiscoPlugin, 'plugin "muc" needs plugin "mam"']
    >()
    expectTypeOf<Complete<readonly [MucPlugin]>>().toEqualTypeOf<
      readonly ['plugin "muc" needs plugin "disco"' | 'plugin "muc" needs plugin "mam"']
    >()
  })
})

describe('Apis', () => {
  test('has the APIs under their names, and no other names', () => {
    expectTypeOf<Apis<readonly [MamPlugin, DiscoPlugin]>>().toEqualTypeOf<{
      readonly mam: Mam
      readonly disco: Disco
    }>()
    expectTypeOf<Apis<readonly []>>().toEqualTypeOf<{}>()
    expectTypeOf<Apis<readonly [MamPlugin]>['mam']>().not.toBeAny()
  })
})

describe('A list that depends on something', () => {
  const make = <const P extends readonly AnyPlugin[]>(_plugins: P & Complete<P>): Apis<P> => ({}) as Apis<P>
  const [disco, mam] = [{} as DiscoPlugin, {} as MamPlugin]
  const isWanted = {} as boolean

  test('has what may be there as optional, and needs what is there', () => {
    const apis = make([disco, ...(isWanted ? [mam] : [])])
    expectTypeOf(apis.disco).toEqualTypeOf<Disco>()
    expectTypeOf(apis.mam).toEqualTypeOf<Mam | undefined>()
    expectTypeOf(make([...(isWanted ? [mam] : []), disco]).mam).toEqualTypeOf<Mam | undefined>()
  })

  test('is complete if it is an array', () => {
    const list = [disco, mam]
    expectTypeOf(make(list).mam).toEqualTypeOf<Mam>()
  })

  test('says what nobody brings', () => {
    // @ts-expect-error plugin "mam" needs plugin "disco"
    make([...(isWanted ? [mam] : [])])
  })
})

describe('Plugin', () => {
  test('every plugin is an AnyPlugin', () => {
    expectTypeOf<DiscoPlugin>().toExtend<AnyPlugin>()
    expectTypeOf<MucPlugin>().toExtend<AnyPlugin>()
  })

  test('setup gets the context and what it needs', () => {
    expectTypeOf<MamPlugin['setup']>().parameter(0).toEqualTypeOf<PluginContext & Readonly<{ disco: Disco }>>()
    expectTypeOf<MamPlugin['setup']>().returns.toEqualTypeOf<Mam>()
    expectTypeOf<PluginContext>().toExtend<Session>()
  })

  test('needs are named exactly', () => {
    expectTypeOf<MamPlugin['needs']>().toEqualTypeOf<{ readonly disco: true }>()
    // @ts-expect-error `disco` is missing
    const forgotten: MamPlugin['needs'] = {}
    expectTypeOf(forgotten).not.toBeAny()
  })
})
