import { blocking } from '@couplet/blocking'
import { caps } from '@couplet/caps'
import { carbons } from '@couplet/carbons'
import { chatStates } from '@couplet/chat-states'
import type { AnyPlugin } from '@couplet/client'
import { csi } from '@couplet/csi'
import { disco } from '@couplet/disco'
import { externalServices } from '@couplet/external-services'
import { lastActivity } from '@couplet/last-activity'
import { mam } from '@couplet/mam'
import { ping } from '@couplet/ping'
import { contactPresence } from '@couplet/presence'
import { receipts } from '@couplet/receipts'
import { roster } from '@couplet/roster'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { time } from '@couplet/time'
import { version } from '@couplet/version'
import { describe, expect, test } from 'vitest'

/** A session with every plugin there is, as it comes. */
async function everything(): Promise<FakeSession> {
  const session = fakeSession()
  const installed = session.install(disco())
  for (const plugin of [carbons(), chatStates(), csi(), ping(), contactPresence(), receipts(), roster()]) {
    session.install(plugin as AnyPlugin)
  }
  for (const plugin of [
    blocking(),
    externalServices(),
    lastActivity(),
    time(),
    version({ name: 'Puck', version: '1' }),
  ]) {
    session.install(plugin as AnyPlugin)
  }
  session.install(caps({ node: 'http://a.example' }), { disco: installed })
  session.install(mam(), { disco: installed })
  return session
}

const command = `<command xmlns='http://jabber.org/protocol/commands' node='http://jabber.org/protocol/rc#forward' action='execute'/>`

const requests: readonly [title: string, type: 'get' | 'set', payload: string][] = [
  ['a ping', 'get', `<ping xmlns='urn:xmpp:ping'/>`],
  ['what we are', 'get', `<query xmlns='http://jabber.org/protocol/disco#info'/>`],
  ['what we are, at a node', 'get', `<query xmlns='http://jabber.org/protocol/disco#info' node='http://a.example#b'/>`],
  ['what we have', 'get', `<query xmlns='http://jabber.org/protocol/disco#items'/>`],
  [
    'which commands there are',
    'get',
    `<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/>`,
  ],
  [
    'what we have, with a broken page',
    'get',
    `<query xmlns='http://jabber.org/protocol/disco#items'><set xmlns='http://jabber.org/protocol/rsm'><max>x</max></set></query>`,
  ],
  ['a ping with something in it', 'get', `<ping xmlns='urn:xmpp:ping' x='y'><ping xmlns='urn:xmpp:ping'/>x</ping>`],
  ['a roster item that is broken', 'set', `<query xmlns='jabber:iq:roster'><item jid='@'/></query>`],
  ['which software', 'get', `<query xmlns='jabber:iq:version'/>`],
  ['since when we are idle', 'get', `<query xmlns='jabber:iq:last'/>`],
  ['what time it is', 'get', `<time xmlns='urn:xmpp:time'/>`],
  ['a block', 'set', `<block xmlns='urn:xmpp:blocking'><item jid='bob@example.org'/></block>`],
  ['a block that is broken', 'set', `<block xmlns='urn:xmpp:blocking'><item jid='@'/></block>`],
  ['an unblock', 'set', `<unblock xmlns='urn:xmpp:blocking'/>`],
  ['a relay', 'set', `<services xmlns='urn:xmpp:extdisco:2'><service host='evil.net' type='turn'/></services>`],
  ['a vCard', 'get', `<vCard xmlns='vcard-temp'/>`],
  ['the roster', 'get', `<query xmlns='jabber:iq:roster'/>`],
  ['the archive', 'set', `<query xmlns='urn:xmpp:mam:2'/>`],
  ['carbons', 'set', `<enable xmlns='urn:xmpp:carbons:2'/>`],
  ['a contact', 'set', `<query xmlns='jabber:iq:roster'><item jid='evil@evil.net' subscription='both'/></query>`],
  ['a call', 'set', `<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='1'/>`],
  ['a command', 'set', command],
]

const others: readonly [title: string, stanza: string][] = [
  ['a request for a receipt', `<message id='1'><body>x</body><request xmlns='urn:xmpp:receipts'/></message>`],
  ['a message to be marked', `<message id='1'><body>x</body><markable xmlns='urn:xmpp:chat-markers:0'/></message>`],
  ['a chat state', `<message type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/></message>`],
  ['an invitation', `<message><x xmlns='jabber:x:conference' jid='room@evil.net'/></message>`],
  ['a request to see our presence', `<presence type='subscribe'/>`],
  ['the permission to see theirs, and then a request', `<presence type='subscribed'/>`],
  ['a probe', `<presence type='probe'/>`],
  ['presence', `<presence/>`],
]

const stranger = 'stalker@evil.net/x'
const from = (stanza: string, sender: string): string => stanza.replace(/^<(\w+)/, `<$1 from='${sender}'`)

describe('what a stranger learns from a client with every plugin there is', () => {
  test.each(requests)('S-160 asking for %s: nothing, as if there was no client', async (_, type, payload) => {
    const session = await everything()
    session.receive(from(`<iq type='${type}' id='1'>${payload}</iq>`, stranger))
    await session.settled()
    expect(session.replies.map(String)).toEqual([
      `<iq xmlns='jabber:client' id='1' to='${stranger}' type='error'><error type='cancel'>` +
        `<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    ])
    expect([session.sent, session.requests, session.nonzas]).toEqual([[], [], []])
  })

  test.each(others)('S-160 sending %s: nothing', async (_, stanza) => {
    const session = await everything()
    session.receive(from(stanza, stranger))
    session.receive(from(`<presence type='subscribe'/>`, stranger))
    await session.settled()
    expect([session.sent, session.requests, session.replies, session.nonzas]).toEqual([[], [], [], []])
  })
})

test.each([undefined, 'me@example.org', 'me@example.org/other', 'example.org', stranger])(
  'S-155 no command is carried out for %s',
  async (sender) => {
    const session = await everything()
    for (const action of ['execute', 'next', 'complete', 'cancel']) {
      const stanza = `<iq type='set' id='${action}'>${command.replace('execute', action)}</iq>`
      session.receive(sender === undefined ? stanza : from(stanza, sender))
    }
    await session.settled()
    expect(session.replies.map(({ error }) => error?.condition)).toEqual(Array(4).fill('service-unavailable'))
    expect([session.sent, session.requests]).toEqual([[], []])
  },
)
