import { type Jid, message, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { type MessageList, messagesOf } from './message-list.js'
import { newClient, openClient } from './open-client.js'
import { schemes, type Target, targets } from './targets.js'

/** ejabberd ends a session that has more than 5,000 unacknowledged stanzas, of which a burst makes it that many. */
const many = 4000

/** Two users who know each other's full JID. */
const pair = async (target: Target, scheme = schemes[0]!) => {
  const [romeo, juliet] = await Promise.all([openClient(target, { scheme }), openClient(target, { scheme })])
  return { romeo, juliet }
}

const texts = (list: MessageList) => list.received.map(({ body }) => body)

describe.each(await targets())('messages through $title', (target) => {
  test.each(schemes)('both ways over %s', async (scheme) => {
    const { romeo, juliet } = await pair(target, scheme)
    const inbox = messagesOf(juliet)
    const answers = messagesOf(romeo)
    juliet.onMessage(async (received) => {
      await received.reply('Ay me!').acked
    })
    const sent = romeo.send(message({ to: juliet.account, type: 'chat', body: 'Wherefore?', thread: 't1' }))
    await sent.acked
    expect(sent.state).toBe('acked')
    const [question] = await inbox.until(1)
    expect(question).toMatchObject({ id: sent.id, type: 'chat', body: 'Wherefore?', thread: 't1', provenance: 'live' })
    expect(question!.from!.equals(romeo.jid)).toBe(true)
    const [answer] = await answers.until(1)
    expect(answer).toMatchObject({ type: 'chat', body: 'Ay me!', thread: 't1' })
    expect(answer!.from!.equals(juliet.jid)).toBe(true)
  })

  test('text of every kind arrives as it was sent', async () => {
    const { romeo, juliet } = await pair(target)
    const inbox = messagesOf(juliet)
    const bodies = [
      '<&>"\' ]]> &amp;',
      'e\u0301 ≠ é',
      '👩‍👩‍👧 𝄞 \u{10FFFD}',
      ' \t line\nline  ',
      'مرحبا שלום',
      'x'.repeat(60_000),
    ]
    for (const body of bodies) romeo.send(message({ to: juliet.jid, type: 'chat', body }))
    await inbox.until(bodies.length)
    expect(texts(inbox)).toEqual(bodies)
  })

  test('what the server does not know survives the way', async () => {
    const { romeo, juliet } = await pair(target)
    const inbox = messagesOf(juliet)
    const child = xml('urn:example:shop', 'item', { price: '7' }, xml('urn:example:other', 'note', {}, 'for two'))
    romeo.send(message({ to: juliet.jid, type: 'chat', body: 'x' }, child))
    const [received] = await inbox.until(1)
    const item = received!.element.child('item', 'urn:example:shop')
    expect(item?.attr('price')).toBe('7')
    expect(item?.child('note', 'urn:example:other')?.text).toBe('for two')
  })

  test(`${many} in order, each exactly once`, { timeout: 60_000 }, async () => {
    const { romeo, juliet } = await pair(target)
    const inbox = messagesOf(juliet)
    // XEP-0334 §4.2: not archived, which takes ejabberd's default database quadratic time.
    const noStore = xml('urn:xmpp:hints', 'no-store')
    const sends = Array.from({ length: many }, (_, i) =>
      romeo.send(message({ to: juliet.jid, type: 'chat', body: String(i) }, noStore)),
    )
    await sends.at(-1)?.acked
    await inbox.until(many)
    expect(texts(inbox)).toEqual(Array.from({ length: many }, (_, i) => String(i)))
  })

  test('to nobody: it comes back as undeliverable', async () => {
    const romeo = await openClient(target)
    const inbox = messagesOf(romeo)
    const undeliverable = new Promise<{ error: Error; message: { id: string | undefined; from: Jid | undefined } }>(
      (resolve) => romeo.on('undeliverable', resolve),
    )
    const sent = romeo.send(message({ to: `nobody@${target.domain}`, type: 'chat', body: 'anybody there?' }))
    await sent.acked // the server did handle it
    const { error, message: returned } = await undeliverable
    expect(error).toMatchObject({ name: 'StanzaError', condition: 'service-unavailable' })
    expect(returned.id).toBe(sent.id)
    expect(returned.from?.toString()).toBe(`nobody@${target.domain}`)
    expect(inbox.received).toEqual([])
  })

  test('to a domain that cannot be reached: the same', async () => {
    const romeo = await openClient(target)
    const undeliverable = new Promise<{ error: Error }>((resolve) => romeo.on('undeliverable', resolve))
    romeo.send(message({ to: 'someone@unreachable.test', type: 'chat', body: 'hello' }))
    expect((await undeliverable).error).toMatchObject({ name: 'StanzaError' })
  })

  test('sends before the client is online wait for it', async () => {
    const juliet = await openClient(target)
    const inbox = messagesOf(juliet)
    const romeo = await newClient(target)
    const sent = romeo.send(message({ to: juliet.jid, type: 'chat', body: 'early' }))
    expect(sent.state).toBe('queued')
    await romeo.online()
    await sent.acked
    expect(await inbox.until(1)).toMatchObject([{ body: 'early' }])
  })
})
