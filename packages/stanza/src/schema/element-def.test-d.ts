import { assertType, describe, expectTypeOf, test } from 'vitest'
import type { XmlElement } from '../xml/element.js'
import { type XmlElement as Element, xml } from '../xml/element.js'
import { oneOf, uint } from './codec.js'
import {
  define,
  type ElementDef,
  element,
  type Infer,
  lazy,
  marker,
  oneOfElements,
  type ReadResult,
  tagged,
} from './element-def.js'
import { anyElement, attr, child, children, childText, childTexts, flag, langText, optional, text } from './field.js'
import { type IqProcedure, iqGet, iqSet } from './iq-procedure.js'
import { Malformed, type MalformedElementError } from './malformed.js'

const NS = 'urn:x'
const Received = element(NS, 'received', { id: attr('id') })
const Page = element(NS, 'set', { max: optional(childText('max', uint)), after: optional(childText('after')) })
const Request = marker(NS, 'request')
const State = tagged(NS, 'active', 'gone')
const Either = oneOfElements({ received: Received, state: State, request: Request })
declare const node: XmlElement

describe('element', () => {
  test('the value of all fields', () => {
    const All = element(NS, 'all', {
      a: attr('a'),
      n: attr('n', uint),
      word: attr('word', oneOf('x', 'y')),
      content: text(),
      texts: childTexts('t'),
      names: langText('name'),
      on: flag('on'),
      page: child(Page),
      states: children(State),
      any: optional(anyElement()),
    })
    expectTypeOf<Infer<typeof All>>().toEqualTypeOf<{
      readonly a: string
      readonly n: number
      readonly word: 'x' | 'y'
      readonly content: string
      readonly texts: readonly string[]
      readonly names: Readonly<Record<string, string>>
      readonly on?: boolean | undefined
      readonly page: { readonly max?: number | undefined; readonly after?: string | undefined }
      readonly states: readonly ('active' | 'gone')[]
      readonly any?: XmlElement | undefined
    }>()
    expectTypeOf<Infer<typeof All>>().not.toBeAny()
  })

  test('building', () => {
    expectTypeOf(Received({ id: '1' })).toEqualTypeOf<XmlElement>()
    assertType(Page())
    assertType(Page({}))
    assertType(Page({ max: 1 }))
    // @ts-expect-error id is required
    Received({})
    // @ts-expect-error and so is the value
    Received()
    // @ts-expect-error id is text
    Received({ id: 1 })
    // @ts-expect-error there is no such part
    Received({ id: '1', di: '2' })
    // @ts-expect-error max is a number
    Page({ max: '1' })
    // What a caller may have or not have need not be spread: undefined is absent.
    assertType(Page({ max: undefined }))
    // @ts-expect-error null is not
    Page({ after: null })
  })

  test('what a peer sent is readonly', () => {
    const value = Page.parse(node)
    if (value instanceof Malformed) return
    // @ts-expect-error readonly
    value.max = 1
    const list = element(NS, 'l', { t: childTexts('t') }).parse(node)
    // @ts-expect-error a readonly list has no push
    if (!(list instanceof Malformed)) list.t.push('x')
  })

  test('fields are fields', () => {
    // @ts-expect-error a codec is no field
    element(NS, 'a', { n: uint })
    // @ts-expect-error nor is a definition
    element(NS, 'a', { page: Page })
  })
})

test('marker', () => {
  expectTypeOf<Infer<typeof Request>>().toEqualTypeOf<true>()
  expectTypeOf(Request()).toEqualTypeOf<XmlElement>()
  // @ts-expect-error it has no data
  Request({})
  // @ts-expect-error not even true
  Request(true)
})

test('tagged', () => {
  expectTypeOf<Infer<typeof State>>().toEqualTypeOf<'active' | 'gone'>()
  assertType(State('active'))
  // @ts-expect-error not one of the tags
  State('typing')
  // @ts-expect-error one of them it must be
  State()
  // @ts-expect-error any text is not one of them
  State('active' as string)
})

test('oneOfElements', () => {
  expectTypeOf<Infer<typeof Either>>().toEqualTypeOf<
    | { readonly kind: 'received'; readonly value: { readonly id: string } }
    | { readonly kind: 'state'; readonly value: 'active' | 'gone' }
    | { readonly kind: 'request'; readonly value: true }
  >()
  assertType(Either({ kind: 'state', value: 'gone' }))
  // @ts-expect-error the value of another kind
  Either({ kind: 'state', value: { id: '1' } })
  // @ts-expect-error an unknown kind
  Either({ kind: 'x', value: true })
  const value = node.get(Either)
  if (value?.kind === 'received') expectTypeOf(value.value).toEqualTypeOf<{ readonly id: string }>()
})

test('lazy', () => {
  interface Tree {
    readonly name: string
    readonly trees: readonly Tree[]
  }
  const Tree: ElementDef<Tree> = element(NS, 'tree', { name: attr('name'), trees: children(lazy(() => Tree)) })
  expectTypeOf<Infer<typeof Tree>>().toEqualTypeOf<Tree>()
  expectTypeOf(lazy(() => Received)).toEqualTypeOf<ElementDef<{ readonly id: string }>>()
  // @ts-expect-error it takes a function
  lazy(Received)
  // @ts-expect-error the written type must be the inferred one
  const Wrong: ElementDef<Tree> = element(NS, 'tree', { name: attr('name', uint), trees: children(lazy(() => Tree)) })
  expectTypeOf(Wrong).toEqualTypeOf<ElementDef<Tree>>()
})

test('define', () => {
  const Pair = define<readonly [string, string]>(
    NS,
    ['pair'],
    (value) => xml(NS, 'pair', {}, value.join('=')),
    (element) => (element.text === '' ? new Malformed('', 'is empty') : ['a', 'b']),
  )
  expectTypeOf<Infer<typeof Pair>>().toEqualTypeOf<readonly [string, string]>()
  const build = (value: string) => xml(NS, value)
  // @ts-expect-error build and parse speak of the same type
  define<string>(NS, ['a'], build, () => 1)
  // @ts-expect-error build builds
  define<string>(NS, ['a'], String, () => 'x')
})

describe('access', () => {
  test('get, read, all', () => {
    expectTypeOf(node.get(Received)).toEqualTypeOf<{ readonly id: string } | undefined>()
    expectTypeOf(node.get(Received)?.id).toEqualTypeOf<string | undefined>()
    expectTypeOf(node.get(Request)).toEqualTypeOf<true | undefined>()
    expectTypeOf(node.get(State)).toEqualTypeOf<'active' | 'gone' | undefined>()
    expectTypeOf(node.all(State)).toEqualTypeOf<('active' | 'gone')[]>()
    expectTypeOf(node.read(State)).toEqualTypeOf<ReadResult<'active' | 'gone'> | undefined>()
    expectTypeOf(node.get(Page)).not.toBeAny()
  })

  test('a result is one or the other', () => {
    const result = node.read(Received)
    // @ts-expect-error absent must be looked at
    assertType(result.ok)
    if (result === undefined) return
    // @ts-expect-error and malformed, too
    assertType(result.value)
    if (result.ok) expectTypeOf(result.value).toEqualTypeOf<{ readonly id: string }>()
    else expectTypeOf(result.error).toEqualTypeOf<MalformedElementError>()
  })

  test('what must not compile', () => {
    // @ts-expect-error a definition, not a name
    node.get('received')
    // @ts-expect-error nor a field
    node.get(attr('id'))
    // @ts-expect-error immutable
    node.name = 'x'
    // @ts-expect-error immutable
    node.children.push('x')
    expectTypeOf<Infer<string>>().toBeNever()
    expectTypeOf(node).toEqualTypeOf<Element>()
  })
})

test('iqGet and iqSet', () => {
  type Value<D> = Infer<D>
  const query = iqSet(Page, Received)
  expectTypeOf(query).toEqualTypeOf<IqProcedure<Value<typeof Page>, Value<typeof Received>>>()
  expectTypeOf(iqGet(Page, State)).toEqualTypeOf<IqProcedure<Value<typeof Page>, 'active' | 'gone'>>()
  expectTypeOf(iqGet(Request)).toEqualTypeOf<IqProcedure<true, void>>()
  expectTypeOf(iqGet(Request, State, { mayBeEmpty: true })).toEqualTypeOf<
    IqProcedure<true, 'active' | 'gone' | undefined>
  >()
  expectTypeOf(iqSet(Request)).toEqualTypeOf<IqProcedure<true, void>>()
  expectTypeOf(query).not.toBeAny()
  // @ts-expect-error definitions, not names
  iqGet('query')
  // @ts-expect-error a request there must be
  iqSet()
})
