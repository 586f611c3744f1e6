import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  anyElement,
  attr,
  base64,
  child,
  childText,
  dateTime,
  element,
  jid,
  MessageElement,
  marker,
  optional,
} from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { vectors } from './vectors.js'

const Rich = element('urn:example', 'rich', {
  at: attr('at', dateTime),
  who: optional(attr('who', jid)),
  key: optional(childText('key', base64)),
  payload: optional(anyElement()),
})
const Wrapped = element('urn:example', 'wrapped', { message: child(MessageElement) })
const Flag = marker('urn:example', 'flag')

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'couplet-vectors-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const cases = (definitions: Parameters<typeof vectors>[1]) => vectors(pathToFileURL(folder), definitions)
const outcome = (check: () => void): string => {
  try {
    check()
    return 'passes'
  } catch (error) {
    return (error as Error).message
  }
}
const outcomes = (definitions: Parameters<typeof vectors>[1]) =>
  Object.fromEntries(cases(definitions).map(({ name, check }) => [name, outcome(check)]))

describe('vectors', () => {
  test('rich values go both ways', () => {
    write(
      'rich.xml',
      `<rich xmlns='urn:example' at='2002-09-10T23:08:25Z' who='a@b'>
  <key>AQI=</key>
  <x xmlns='urn:other'> <y/> </x>
</rich>
`,
    )
    write(
      'rich.json',
      `{ "at": { "$date": "2002-09-10T23:08:25Z" }, "who": { "$jid": "a@b" }, "key": { "$bytes": "AQI=" },
         "payload": { "$xml": "<x xmlns='urn:other'><y/></x>" } }`,
    )
    expect(outcomes({ rich: Rich })).toEqual({ 'rich.xml is read': 'passes', 'rich.xml is built': 'passes' })
  })

  test('a stanza inside goes both ways, and its attributes count', () => {
    write('wrapped.xml', `<wrapped xmlns='urn:example'><message xmlns='jabber:client' id='1'/></wrapped>`)
    write('wrapped.json', `{ "message": { "$message": "<message id='1'/>" } }`)
    write('wrapped.2.xml', `<wrapped xmlns='urn:example'><message xmlns='jabber:client' id='1'/></wrapped>`)
    write('wrapped.2.json', `{ "message": { "$message": "<message id='2'/>" } }`)
    expect(outcomes({ wrapped: Wrapped })).toEqual({
      'wrapped.2.xml is read': 'the value that was read differs at .message',
      'wrapped.2.xml is built': 'the element that was built differs',
      'wrapped.xml is read': 'passes',
      'wrapped.xml is built': 'passes',
    })
  })

  test.each([
    ['a date', `{ "at": { "$date": "2002-09-10T23:08:26Z" } }`, '.at'],
    ['an address that is not there', `{ "at": { "$date": "2002-09-10T23:08:25Z" }, "who": { "$jid": "a@b" } }`, '.who'],
    ['a text instead of a date', `{ "at": "2002-09-10T23:08:25Z" }`, '.at'],
  ])('%s makes a difference', (_what, json, path) => {
    write('rich.read.xml', `<rich xmlns='urn:example' at='2002-09-10T23:08:25Z'/>`)
    write('rich.read.json', json)
    expect(outcomes({ rich: Rich })).toEqual({
      'rich.read.xml is read': `the value that was read differs at ${path}`,
    })
  })

  test('attributes of an embedded element make a difference', () => {
    write('rich.read.xml', `<rich xmlns='urn:example' at='2002-09-10T23:08:25Z'><x xmlns='urn:other' a='1'/></rich>`)
    write(
      'rich.read.json',
      `{ "at": { "$date": "2002-09-10T23:08:25Z" }, "payload": { "$xml": "<x xmlns='urn:other' a='2'/>" } }`,
    )
    expect(outcomes({ rich: Rich })).toEqual({
      'rich.read.xml is read': 'the value that was read differs at .payload',
    })
  })

  test('what must be malformed is, and for the stated reason', () => {
    write('rich.bad-date.invalid.xml', `<rich xmlns='urn:example' at='yesterday'/>`)
    write('rich.fine.invalid.xml', `<rich xmlns='urn:example' at='2002-09-10T23:08:25Z'/>`)
    write('rich.reason.invalid.xml', `<rich xmlns='urn:example' at='yesterday'/>`)
    write('rich.reason.invalid.json', `{ "path": "rich@who" }`)
    write('rich.right.invalid.xml', `<rich xmlns='urn:example'/>`)
    write('rich.right.invalid.json', `{ "path": "rich@at" }`)
    write('rich.stranger.invalid.xml', `<poor xmlns='urn:example'/>`)
    expect(outcomes({ rich: Rich })).toEqual({
      'rich.bad-date.invalid.xml is malformed': 'passes',
      'rich.fine.invalid.xml is malformed': 'the element should be malformed and is not',
      'rich.reason.invalid.xml is malformed': 'malformed for another reason',
      'rich.right.invalid.xml is malformed': 'passes',
      'rich.stranger.invalid.xml is malformed': 'the definition is for another element',
    })
  })

  test('a file nobody would look at is an error', () => {
    write('flag.xml', `<flag xmlns='urn:example'/>`)
    expect(() => cases({ flag: Flag })).toThrow('flag.xml: there is no .json file for it')
    write('flag.json', 'true')
    expect(outcomes({ flag: Flag })).toEqual({ 'flag.xml is read': 'passes', 'flag.xml is built': 'passes' })
    expect(() => cases({ flag: Flag, rich: Rich })).toThrow('no vector for rich')
    expect(() => cases({})).toThrow('flag.json: no definition is called flag')
    write('flag.2.json', 'true')
    expect(() => cases({ flag: Flag })).toThrow('flag.2.json: there is no .xml file for it')
  })
})
