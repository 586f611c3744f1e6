import type { Plugin } from '@couplet/client'
import { attr, element, iqGet, iqSet, marker, StanzaError, text } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { newClient, openClient } from './open-client.js'
import { targets } from './targets.js'

const ns = 'urn:example:calculator'
const Sum = element(ns, 'sum', { a: attr('a'), b: attr('b') })
const Result = element(ns, 'result', { value: text() })
const add = iqGet(Sum, Result)
const Forget = marker(ns, 'forget')
const forget = iqSet(Forget)
const unknown = iqGet(marker('urn:example:nobody-knows-this', 'query'))

/** Answers sums, refuses to forget, and breaks down over `NaN`. */
const calculator = (): Plugin<'calculator', void> => ({
  name: 'calculator',
  needs: {},
  setup(context) {
    context.handle(add, ({ a, b }) => {
      const sum = Number(a) + Number(b)
      if (Number.isNaN(sum)) throw new TypeError('not numbers')
      return { value: String(sum) }
    })
    context.handle(forget, () => {
      throw new StanzaError({ condition: 'not-allowed', text: 'never' })
    })
  },
})

/** Takes a question and never answers it. */
const silent = (): Plugin<'silent', void> => ({
  name: 'silent',
  needs: {},
  setup(context) {
    context.handle(add, () => new Promise(() => {}))
  },
})

describe.each(await targets())('requests through $title', (target) => {
  const two = async () =>
    Promise.all([openClient(target, { plugins: [calculator()] }), openClient(target, { plugins: [calculator()] })])

  test('two clients ask each other', async () => {
    const [one, other] = await two()
    const sums = await Promise.all([
      one.request(add, { a: '1', b: '2' }, { to: other.jid }),
      other.request(add, { a: '20', b: '22' }, { to: one.jid }),
    ])
    expect(sums).toEqual([{ value: '3' }, { value: '42' }])
  })

  test('a hundred questions at once get their own answers', async () => {
    const [one, other] = await two()
    const numbers = Array.from({ length: 100 }, (_, i) => i)
    const sums = await Promise.all(numbers.map((i) => one.request(add, { a: String(i), b: '1000' }, { to: other.jid })))
    expect(sums.map(({ value }) => Number(value) - 1000)).toEqual(numbers)
  })

  test('errors are those of the handler', async () => {
    const [one, other] = await two()
    const errors: unknown[] = []
    other.on('error', (error) => errors.push(error))
    await expect(one.request(forget, true, { to: other.jid })).rejects.toMatchObject({
      name: 'StanzaError',
      condition: 'not-allowed',
      type: 'cancel',
      text: 'never',
    })
    await expect(one.request(add, { a: 'x', b: '1' }, { to: other.jid })).rejects.toMatchObject({
      condition: 'internal-server-error',
    })
    expect(errors).toMatchObject([{ message: 'not numbers' }])
  })

  test('what nobody handles is service-unavailable: by a client, its server, and the own account', async () => {
    const [one, other] = await two()
    for (const to of [other.jid, target.domain, one.account, undefined]) {
      await expect(one.request(unknown, true, { to })).rejects.toMatchObject({
        name: 'StanzaError',
        condition: expect.stringMatching(/^(service-unavailable|feature-not-implemented)$/),
      })
    }
  })

  test('a user who is not there', async () => {
    const [one, other] = await two()
    const ask = (to: string) => one.request(add, { a: '1', b: '2' }, { to })
    const condition = 'service-unavailable'
    await expect(ask(`${other.account}/nowhere`)).rejects.toMatchObject({ name: 'StanzaError', condition })
    for (const to of [`nobody@${target.domain}`, `nobody@${target.domain}/x`]) {
      await expect(ask(to)).rejects.toMatchObject({ name: 'StanzaError', condition: 'service-unavailable' })
    }
  })

  test('a domain that cannot be reached', async () => {
    const client = await openClient(target)
    await expect(client.request(unknown, true, { to: 'unreachable.test' })).rejects.toMatchObject({
      name: 'StanzaError',
    })
  })

  test('a signal ends the wait', async () => {
    const [one, other] = await Promise.all([openClient(target), openClient(target, { plugins: [silent()] })])
    const controller = new AbortController()
    const waiting = one.request(add, { a: '1', b: '2' }, { to: other.jid, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(one.request(add, { a: '1', b: '2' }, { to: other.jid, signal: controller.signal })).rejects.toThrow(
      'enough',
    )
  })

  test('so does the time limit', async () => {
    const [one, other] = await Promise.all([
      openClient(target, { requestTimeout: 100 }),
      openClient(target, { plugins: [silent()] }),
    ])
    await expect(one.request(add, { a: '1', b: '2' }, { to: other.jid })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })

  test('and the end of the connection', async () => {
    const [one, other] = await Promise.all([openClient(target), openClient(target, { plugins: [silent()] })])
    const waiting = one.request(add, { a: '1', b: '2' }, { to: other.jid })
    const rejected = expect(waiting).rejects.toMatchObject({ name: 'ConnectionError' })
    await one.close()
    await rejected
  })

  test('without a connection there is no waiting', async () => {
    const client = await newClient(target)
    await expect(client.request(unknown, true)).rejects.toMatchObject({ name: 'ConnectionError', code: 'closed' })
  })
})
