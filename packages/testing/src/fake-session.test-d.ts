import type { Plugin } from '@couplet/client'
import { attr, element, iqGet, marker } from '@couplet/stanza'
import { expectTypeOf, test } from 'vitest'
import { fakeSession } from './fake-session.js'
import { vectors } from './vectors.js'

interface Clock {
  now(): number
  zone(): string
}

declare const free: Plugin<'free', { a: 1 }>
declare const bound: Plugin<'bound', { b: 2 }, { clock: Clock }>
const session = fakeSession()
const Question = element('urn:x', 'question', { about: attr('about') })
const Answer = element('urn:x', 'answer', { text: attr('text') })

test('install returns the API, and knows what is needed', () => {
  expectTypeOf(session.install(free)).toEqualTypeOf<{ a: 1 }>()
  expectTypeOf(session.install(bound, { clock: { now: () => 5 } })).toEqualTypeOf<{ b: 2 }>()
  // @ts-expect-error the plugin needs a clock
  session.install(bound)
  // @ts-expect-error which is not a number
  session.install(bound, { clock: 5 })
})

test('answers have the type of the response', () => {
  session.answer(iqGet(Question, Answer), { text: 'rain' })
  session.answer(iqGet(Question, Answer), async ({ about }) => ({ text: about }))
  // @ts-expect-error the response has a text
  session.answer(iqGet(Question, Answer), { about: 'rain' })
  expectTypeOf(session.ask(iqGet(Question, Answer), { about: 'x' })).resolves.toEqualTypeOf<{ readonly text: string }>()
})

test('vectors take definitions of any value', () => {
  vectors(new URL('file:///x/'), { question: Question, flag: marker('urn:x', 'flag') })
})
