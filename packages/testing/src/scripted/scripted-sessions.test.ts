import type { Transport } from '@couplet/client'
import { describe, expect, test } from 'vitest'
import { connectRaw, header, type RawClient } from '../../test/raw-client.js'
import { headerFrom, sasl2, tokenIn } from '../../test/raw-sasl2.js'
import { type Script, scriptedServer } from './scripted-server.js'

const sm = `xmlns='urn:xmpp:sm:3'`
const bindRequest = `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`
const bind2 = `<bind xmlns='urn:xmpp:bind:0'><tag>App</tag><enable ${sm} resume='true'/></bind>`

/** A client that has logged in and seen the features. */
async function authenticated(transport: Transport): Promise<RawClient> {
  const client = await connectRaw(transport)
  client.write(header())
  await client.until(/<\/stream:features>/)
  await client.login('u', 'p')
  client.write(header())
  await client.until(/<\/stream:features>/)
  return client
}

async function greeted(transport: Transport): Promise<RawClient> {
  const client = await connectRaw(transport)
  client.write(headerFrom('u'))
  await client.until(/<\/stream:features>/)
  return client
}

describe('stream management by script (XEP-0198)', () => {
  test('may be enabled right behind the request for a resource, and counts from there', async () => {
    const counts: number[] = []
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: { id: 'x', max: 20, location: 'here.example:5222' } })
      await peer.expectElement('urn:x', 'done')
      counts.push(peer.handled)
      await peer.ack()
      await peer.ack(7)
    })
    const client = await authenticated(server.transport())
    client.write(`${bindRequest}<enable ${sm} resume='true'/><presence/><r ${sm}/><message/><done xmlns='urn:x'/>`)
    const enabled = /<enabled [^>]*id='x' resume='true' max='20' location='here.example:5222'\/>/
    await client.until(enabled)
    await client.until(/<a xmlns='urn:xmpp:sm:3' h='1'\/>/)
    await client.until(/<a xmlns='urn:xmpp:sm:3' h='2'\/><a xmlns='urn:xmpp:sm:3' h='7'\/>/)
    expect(counts).toEqual([2])
    expect(client.received).toMatch(/<sm xmlns='urn:xmpp:sm:3'\/><\/stream:features>/)
  })

  test('need not answer, nor allow resumption', async () => {
    await using server = await scriptedServer(async (peer) => {
      await peer.online({ management: { resume: false, autoAck: false } })
      await peer.expectElement('urn:xmpp:sm:3', 'r')
      await peer.send('<seen/>')
    })
    const client = await authenticated(server.transport())
    client.write(`${bindRequest}<enable ${sm} resume='true'/><r ${sm}/>`)
    await client.until(/<enabled xmlns='urn:xmpp:sm:3'\/><seen\/>/)
    expect(client.received).not.toContain('<a ')
  })

  test('is not offered otherwise', async () => {
    await using server = await scriptedServer((peer) => peer.online().then(() => {}))
    expect((await authenticated(server.transport())).received).not.toContain('urn:xmpp:sm:3')
  })

  test('counts around the corner', async () => {
    await using server = await scriptedServer((peer) => peer.resumed({ h: 2 ** 32 - 1 }).then(() => {}))
    const client = await authenticated(server.transport())
    client.write(`<resume ${sm} previd='x' h='0'/><message/><message/><r ${sm}/>`)
    await client.until(/<resumed [^>]*h='4294967295'.*<a xmlns='urn:xmpp:sm:3' h='1'\/>/)
  })

  test('resumes, and counts on', async () => {
    const asked: unknown[] = []
    const resume: Script = async (peer) => {
      asked.push(await peer.resumed({ h: 3 }))
      await peer.expectElement('urn:x', 'done')
      asked.push(peer.handled)
    }
    await using server = await scriptedServer([
      resume,
      (peer) => peer.resumed({ h: 0, previd: 'other' }).then(() => {}),
    ])
    const client = await authenticated(server.transport())
    client.write(`<resume ${sm} previd='x' h='5'/>`)
    await client.until(/<resumed xmlns='urn:xmpp:sm:3' h='3' previd='x'\/>/)
    client.write(`<message/><r ${sm}/><done xmlns='urn:x'/>`)
    await client.until(/<a xmlns='urn:xmpp:sm:3' h='4'\/>/)
    const second = await authenticated(server.transport())
    second.write(`<resume ${sm} previd='x' h='5'/>`)
    await second.until(/<resumed [^>]*previd='other'\/>/)
    await server.done
    expect(asked).toEqual([{ previd: 'x', h: 5 }, 4])
  })
})

describe('SASL2 by script (XEP-0388)', () => {
  test('is honest by default, and does inline what it is asked for', async () => {
    const played: string[] = []
    await using server = await scriptedServer(async (peer) => {
      const { jid, request } = await peer.sasl2Login({ management: { id: 'x' } })
      played.push(jid, request.name)
    })
    const client = await greeted(server.transport())
    expect(client.received).not.toContain('xmpp-sasl')
    const content = await sasl2(client, { user: 'u', password: 'p', inline: bind2 })
    expect(content).toMatch(/<authorization-identifier>u@example.org\/App.1<.*<bound .*<enabled [^>]*id='x'/)
    client.write(`<presence/><r ${sm}/>`)
    await client.until(/<stream:features><\/stream:features><a xmlns='urn:xmpp:sm:3' h='1'\/>/)
    expect(played).toEqual(['u@example.org/App.1', 'authenticate'])
  })

  test('resumes inline, without features', async () => {
    await using server = await scriptedServer([
      (peer) => peer.sasl2Login({ resumed: 4, resource: 'r', management: {} }).then(() => {}),
      (peer) => peer.sasl2Login({ management: {} }).then(() => {}),
    ])
    const client = await greeted(server.transport())
    const inline = `<resume ${sm} previd='x&apos;' h='0'/>${bind2}`
    const content = await sasl2(client, { user: 'u', password: 'p', inline })
    expect(content).toMatch(/>u@example.org\/r<.*<resumed xmlns='urn:xmpp:sm:3' h='4' previd='x&apos;'\/>$/)
    client.write(`<message/><r ${sm}/>`)
    await client.until(/^<a xmlns='urn:xmpp:sm:3' h='5'\/>/)
    const second = await greeted(server.transport())
    expect(await sasl2(second, { user: 'u', password: 'p', inline })).toMatch(
      /<failed .*<item-not-found .*<bound .*<enabled/,
    )
  })

  test('lies when it is told to', async () => {
    await using server = await scriptedServer([
      (peer) => peer.sasl2Login({ additionalData: false }).then(() => {}),
      (peer) =>
        peer
          .sasl2Login({
            mechanisms: ['SCRAM-SHA-256', 'PLAIN'],
            inline: `<x xmlns='urn:x'/>`,
            offer: `<y xmlns='urn:y'/>`,
            results: ({ name }) => `<resumed ${sm} previd='${name}' h='0'/>`,
            authorizationIdentifier: 'mallory@example.org',
            featuresFollow: false,
          })
          .then(() => peer.close()),
    ])
    const client = await greeted(server.transport())
    await expect(sasl2(client, { user: 'u', password: 'p' })).rejects.toThrow()
    const second = await greeted(server.transport())
    expect(second.received).toMatch(
      /<mechanism>PLAIN<\/mechanism><inline><x xmlns='urn:x'\/><\/inline><\/authentication><y /,
    )
    const content = await sasl2(second, { user: 'u', password: 'p' })
    expect(content).toMatch(/mallory@example.org<.*<resumed [^>]*previd='authenticate'/)
    expect(await second.untilClosed()).toBe('</stream:stream>')
  })

  test('takes a token, and no other', async () => {
    const results = `<token xmlns='urn:xmpp:fast:0' expiry='2099-01-01T00:00:00Z' token='good'/>`
    await using server = await scriptedServer([
      (peer) => peer.sasl2Login({ results }).then(() => {}),
      (peer) => peer.sasl2Login({ token: 'good' }).then(() => {}),
      (peer) => peer.sasl2Login({ token: 'other' }).then(() => {}),
    ])
    const first = await greeted(server.transport())
    const token = tokenIn(await sasl2(first, { user: 'u', password: 'p' }))
    const inline = `<fast xmlns='urn:xmpp:fast:0' count='1'/>`
    const second = await greeted(server.transport())
    expect(await sasl2(second, { user: 'u', token, inline })).toContain('u@example.org')
    const third = await greeted(server.transport())
    await expect(sasl2(third, { user: 'u', token, inline })).rejects.toThrow('closed')
    await expect(server.done).rejects.toThrow('not-authorized')
  })
})

test('STARTTLS may come right behind the header', async () => {
  await using server = await scriptedServer((peer) => peer.secured(), { transport: 'tcp' })
  const { connect } = await import('node:net')
  const socket = connect(Number(server.service?.port), '127.0.0.1')
  socket.write(`${header()}<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>`)
  const received = await new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
      if (text.includes('<proceed')) resolve(text)
    })
  })
  expect(received).toMatch(/<\/stream:features><proceed /)
  socket.destroy()
  await expect(server.done).rejects.toThrow()
})
