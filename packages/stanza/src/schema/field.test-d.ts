import { describe, expectTypeOf, test } from 'vitest'
import type { Jid } from '../jid.js'
import type { XmlElement } from '../xml/element.js'
import { base64, bool, type Codec, dateTime, int, jid, oneOf, str, uint } from './codec.js'
import { type ElementDef, element, type Infer, marker, tagged } from './element-def.js'
import {
  anyElement,
  attr,
  child,
  children,
  childText,
  childTexts,
  type Field,
  flag,
  type LangText,
  langText,
  type OptionalField,
  optional,
  text,
} from './field.js'

const Item = element('urn:x', 'item', { id: attr('id'), n: optional(attr('n', uint)) })
type Item = Infer<typeof Item>

describe('codecs', () => {
  test('each has its type', () => {
    expectTypeOf(str).toEqualTypeOf<Codec<string>>()
    expectTypeOf(int).toEqualTypeOf<Codec<number>>()
    expectTypeOf(uint).toEqualTypeOf<Codec<number>>()
    expectTypeOf(bool).toEqualTypeOf<Codec<boolean>>()
    expectTypeOf(dateTime).toEqualTypeOf<Codec<Date>>()
    expectTypeOf(base64).toEqualTypeOf<Codec<Uint8Array>>()
    expectTypeOf(jid).toEqualTypeOf<Codec<Jid>>()
    expectTypeOf(oneOf('a', 'b')).toEqualTypeOf<Codec<'a' | 'b'>>()
    expectTypeOf(uint.decode('1')).toEqualTypeOf<number | undefined>()
  })

  test('what must not compile', () => {
    // @ts-expect-error not one of the words
    oneOf('a', 'b').encode('c')
    // @ts-expect-error words are text
    oneOf(1)
    // @ts-expect-error a number is no text
    str.encode(1)
    // @ts-expect-error nor is text a number
    uint.encode('1')
  })
})

describe('fields', () => {
  test('with and without a codec', () => {
    expectTypeOf(attr('a')).toEqualTypeOf<Field<string>>()
    expectTypeOf(attr('a', uint)).toEqualTypeOf<Field<number>>()
    expectTypeOf(attr('a', oneOf('x', 'y'))).toEqualTypeOf<Field<'x' | 'y'>>()
    expectTypeOf(text()).toEqualTypeOf<Field<string>>()
    expectTypeOf(text(base64)).toEqualTypeOf<Field<Uint8Array>>()
    expectTypeOf(childText('a')).toEqualTypeOf<Field<string>>()
    expectTypeOf(childText('a', jid)).toEqualTypeOf<Field<Jid>>()
    expectTypeOf(childTexts('a')).toEqualTypeOf<Field<readonly string[]>>()
    expectTypeOf(childTexts('a', dateTime)).toEqualTypeOf<Field<readonly Date[]>>()
  })

  test('of elements and languages', () => {
    expectTypeOf(langText('a')).toEqualTypeOf<Field<LangText>>()
    expectTypeOf(flag('a')).toEqualTypeOf<OptionalField<boolean>>()
    expectTypeOf(child(Item)).toEqualTypeOf<Field<Item>>()
    expectTypeOf(child(marker('urn:x', 'a'))).toEqualTypeOf<Field<true>>()
    expectTypeOf(child(tagged('urn:x', 'a', 'b'))).toEqualTypeOf<Field<'a' | 'b'>>()
    expectTypeOf(children(Item)).toEqualTypeOf<Field<readonly Item[]>>()
    expectTypeOf(anyElement()).toEqualTypeOf<Field<XmlElement>>()
  })

  test('optional', () => {
    expectTypeOf(optional(attr('a'))).toEqualTypeOf<OptionalField<string>>()
    expectTypeOf(optional(attr('a', uint))).toEqualTypeOf<OptionalField<number>>()
    expectTypeOf(optional(child(Item))).toEqualTypeOf<OptionalField<Item>>()
  })

  test('nothing is any', () => {
    const fields = [
      attr('a'),
      text(),
      childText('a'),
      childTexts('a'),
      child(Item),
      children(Item),
      anyElement(),
    ] as const
    type Value<F> = F extends Field<infer T> ? T : never
    expectTypeOf<Value<(typeof fields)[0]>>().not.toBeAny()
    expectTypeOf<Value<(typeof fields)[1]>>().not.toBeAny()
    expectTypeOf<Value<(typeof fields)[2]>>().not.toBeAny()
    expectTypeOf<Value<(typeof fields)[3]>[number]>().not.toBeAny()
    expectTypeOf<Value<(typeof fields)[4]>>().not.toBeAny()
    expectTypeOf<Value<(typeof fields)[5]>[number]>().not.toBeAny()
    expectTypeOf<Value<(typeof fields)[6]>>().not.toBeAny()
    expectTypeOf<ReturnType<typeof optional<string>>>().not.toBeAny()
  })

  test('what must not compile', () => {
    // @ts-expect-error an attribute has a name
    attr()
    // @ts-expect-error a codec is no word
    attr('a', 'uint')
    // @ts-expect-error nor a definition
    childText('a', Item)
    // @ts-expect-error a child needs its definition
    child('item')
    // @ts-expect-error and it is no codec
    children(uint)
    // @ts-expect-error a flag has no codec
    flag('a', bool)
    // @ts-expect-error open content has no name
    anyElement('a')
    // @ts-expect-error optional takes a field
    optional(uint)
    // @ts-expect-error not a definition
    optional(Item)
    expectTypeOf<ElementDef<string>>().not.toExtend<Field<string>>()
  })
})
