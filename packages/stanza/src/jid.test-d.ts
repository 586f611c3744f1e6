import { describe, expectTypeOf, test } from 'vitest'
import { type BareJid, type FullJid, InvalidJidError, Jid, type JidPart } from './jid.js'

describe('Jid types', () => {
  const jid = Jid.parse('a@example.com/r')

  test('bare and full JIDs are JIDs, and not each other', () => {
    expectTypeOf<BareJid>().toExtend<Jid>()
    expectTypeOf<FullJid>().toExtend<Jid>()
    expectTypeOf<BareJid>().not.toExtend<FullJid>()
    expectTypeOf<FullJid>().not.toExtend<BareJid>()
    expectTypeOf<Jid>().not.toExtend<BareJid>()
    expectTypeOf<Jid>().not.toExtend<FullJid>()
  })

  test('isBare and isFull narrow', () => {
    if (jid.isFull()) {
      expectTypeOf(jid).toExtend<FullJid>()
      expectTypeOf(jid.resource).toEqualTypeOf<string>()
    }
    if (jid.isBare()) expectTypeOf(jid.resource).toEqualTypeOf<undefined>()
    expectTypeOf(jid.bare).toEqualTypeOf<BareJid>()
    expectTypeOf(jid.withResource('x')).toEqualTypeOf<FullJid>()
    expectTypeOf(Jid.tryParse('x')).toEqualTypeOf<Jid | undefined>()
  })

  test('S-196 only enforced JIDs are compared', () => {
    expectTypeOf(jid.equals(jid.bare)).toEqualTypeOf<boolean>()
    // @ts-expect-error a string is not a JID
    jid.equals('a@example.com/r')
    // @ts-expect-error nor is an object that looks like one
    jid.equals({ ...jid, bare: jid.bare })
    // @ts-expect-error a bare JID is not a full one
    const full: FullJid = jid.bare
    expectTypeOf(full).toEqualTypeOf<FullJid>()
  })

  test('S-201 a JID is immutable and no property key', () => {
    // @ts-expect-error read-only
    expectTypeOf(() => (jid.domain = 'x')).toBeFunction()
    // @ts-expect-error JIDs come from parse and of
    expectTypeOf(() => new Jid('a', 'b', 'c')).toBeFunction()
    const byJid: Record<string, number> = {}
    // @ts-expect-error use a Map with jid.toString()
    expectTypeOf(byJid[jid]).toBeNullable()
  })

  test('parts', () => {
    // @ts-expect-error a JID has a domain
    expectTypeOf(() => Jid.of({ local: 'a' })).toBeFunction()
    expectTypeOf(Jid.of(jid)).toEqualTypeOf<Jid>()
    // @ts-expect-error parse takes text
    expectTypeOf(() => Jid.parse(jid)).toBeFunction()
  })

  test('errors', () => {
    expectTypeOf<InvalidJidError['code']>().toEqualTypeOf<'invalid-jid'>()
    expectTypeOf<InvalidJidError['retry']>().toEqualTypeOf<'no' | 'user'>()
    expectTypeOf<InvalidJidError['part']>().toEqualTypeOf<JidPart>()
    expectTypeOf(InvalidJidError).toBeConstructibleWith('x', 'domain', 'empty')
  })
})
