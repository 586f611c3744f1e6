import { NS_COMPONENT } from '@couplet/component'
import { NS_CLIENT, type XmppError } from '@couplet/stanza'
import type { ScriptedPeer } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { componentOf, domain, expectNoSecret, header, reports, serve, streamError, welcome } from './scripted.js'

type Attack = readonly [
  what: string,
  error: { readonly name: string; readonly code?: string; readonly condition?: string; readonly phase?: string },
  script: (peer: ScriptedPeer) => Promise<unknown>,
]

const greet = async (peer: ScriptedPeer, text: string): Promise<void> => {
  await peer.expect(/<stream:stream [^>]*>/)
  await peer.send(text)
}

const answer = async (peer: ScriptedPeer, text: string): Promise<void> => {
  await greet(peer, header())
  await peer.expectElement(NS_COMPONENT, 'handshake')
  await peer.send(text)
}

const unexpected = (phase: string) => ({ name: 'ConnectionError', code: 'unexpected-element', phase })
const ours = (condition: string) => ({ name: 'StreamError', condition })

/** Before the proof. */
const early: readonly Attack[] = [
  ['no id', unexpected('stream'), (peer) => greet(peer, `${header(`from='${domain}'`)}<handshake/>`)],
  ['an empty id', unexpected('stream'), (peer) => greet(peer, `${header(`id='' from='${domain}'`)}<handshake/>`)],
  ['another name', unexpected('stream'), (peer) => greet(peer, `${header(`id='s1' from='example.org'`)}<handshake/>`)],
  [
    'another name, then why',
    ours('host-unknown'),
    (peer) => greet(peer, header(`id='s1' from='example.org'`) + streamError('host-unknown')),
  ],
  [
    'no name, no id, then why',
    ours('host-unknown'),
    (peer) => greet(peer, header(`id=''`) + streamError('host-unknown')),
  ],
  ['no stream', ours('invalid-namespace'), (peer) => greet(peer, `<stream xmlns='${NS_COMPONENT}' id='s1'>`)],
  ['no XML', ours('not-well-formed'), (peer) => greet(peer, 'HTTP/1.1 400 Bad Request\r\n\r\n<>')],
  ['a DTD', ours('restricted-xml'), (peer) => greet(peer, '<!DOCTYPE x>')],
  [
    'the end',
    { name: 'ConnectionError', code: 'closed', phase: 'stream' },
    (peer) => greet(peer, `${header(`id=''`)}</stream:stream>`),
  ],
  [
    'a hang-up',
    { name: 'ConnectionError', code: 'closed', phase: 'stream' },
    async (peer) => {
      await greet(peer, '')
      peer.destroy()
    },
  ],
]

const message = `<message from='a@example.org' to='${domain}'><body>hi</body></message>`

/** After the proof. */
const late: readonly Attack[] = [
  ['a stanza', unexpected('handshake'), (peer) => answer(peer, `${message}<handshake/>`)],
  ['another handshake', ours('invalid-namespace'), (peer) => answer(peer, `<handshake xmlns='${NS_CLIENT}'/>`)],
  ['features', unexpected('handshake'), (peer) => answer(peer, '<stream:features/>')],
  ['a new header', ours('restricted-xml'), (peer) => answer(peer, header())],
  [
    'an oversized answer',
    ours('policy-violation'),
    (peer) => answer(peer, `<handshake>${'x'.repeat(2_000_000)}</handshake>`),
  ],
  [
    'the end',
    { name: 'ConnectionError', code: 'closed', phase: 'handshake' },
    (peer) => answer(peer, '</stream:stream>'),
  ],
  [
    'a hang-up',
    { name: 'ConnectionError', code: 'closed', phase: 'handshake' },
    async (peer) => {
      await answer(peer, '')
      peer.destroy()
    },
  ],
  [
    'not-authorized',
    { name: 'AuthenticationError', code: 'not-authorized' },
    (peer) => answer(peer, streamError('not-authorized', 'try harder')),
  ],
  ['conflict', ours('conflict'), (peer) => answer(peer, streamError('conflict'))],
  ['host-unknown', ours('host-unknown'), (peer) => answer(peer, streamError('host-unknown'))],
  ['an unknown error', ours('undefined-condition'), (peer) => answer(peer, streamError('odd'))],
]

async function play([, expected, script]: Attack): Promise<string> {
  const server = await serve(async (peer) => {
    await script(peer).catch(() => {})
    peer.polite()
    await peer.closed
  })
  const component = componentOf(server)
  const heard: unknown[] = []
  component.onMessage((inbound) => {
    heard.push(inbound)
  })
  const events = reports(component)
  const error = await component.online().catch((reason: unknown) => reason as XmppError)
  expect(error).toMatchObject(expected)
  expect(component.status).toEqual({ state: 'offline', error })
  expect([heard, events]).toEqual([[], []])
  expectNoSecret(error, component, (error as Error).stack)
  await Promise.all(server.peers.map(({ closed }) => closed)) // nothing stays open
  return server.peers[0]?.received ?? ''
}

describe('a hostile server', () => {
  test.each(early)('instead of a header: %s', async (...attack) => {
    expect(await play(attack)).not.toContain('<handshake')
  })

  test.each(late)('instead of its consent: %s', async (...attack) => {
    expectNoSecret(await play(attack))
  })

  test('the word of the server is no part of the message', async () => {
    const server = await serve((peer) => answer(peer, streamError('not-authorized', 'try harder')))
    const error = (await componentOf(server)
      .online()
      .catch((reason: unknown) => reason)) as XmppError
    expect(error).toMatchObject({ message: 'handshake: not-authorized', text: 'try harder', retry: 'user' })
  })

  const isTooMuch = `<message from='a@example.org' to='${domain}'><body>${'x'.repeat(2_000_000)}</body></message>`
  test.each([
    ['a stanza of clients', `<message xmlns='${NS_CLIENT}' from='a@example.org' to='${domain}'/>`, 'invalid-namespace'],
    ['a second consent', '<handshake/>', 'unsupported-stanza-type'],
    ['features', '<stream:features/>', 'policy-violation'],
    ['something else', `<x xmlns='urn:example:x'/>`, 'unsupported-stanza-type'],
    ['an oversized stanza', isTooMuch, 'policy-violation'],
  ])('in the session: %s ends it', async (_, text, condition) => {
    const server = await serve(async (peer) => {
      await welcome(peer)
      await peer.send(text)
      await peer.expect(new RegExp(`<stream:error><${condition} `))
    })
    const component = componentOf(server)
    const over = new Promise<Error | undefined>((resolve) => {
      component.on('status', (status) => {
        if (status.state === 'offline') resolve(status.error)
      })
    })
    component.online().catch(() => {})
    expect(await over).toMatchObject({ name: 'StreamError', condition })
    await server.done
  })
})
