import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Jid, message, StanzaError, xml } from '@couplet/stanza'
import { StanzaId } from '@couplet/stanza-id'
import { fakeSession } from '@couplet/testing'
import { expect, test } from 'vitest'
import { queryArchive } from '../src/elements.js'
import { account, beginAndCatchUp, FakeArchive, flushed, installed, withArchive } from './fake-archive.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Megabytes in use. */
function heap(): number {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

const by = Jid.parse(account)
const much = xml('urn:example', 'much', {}, 'x'.repeat(5e5))
/** Half a megabyte, with ids that a parser would return as views on it. */
const large = (i: number): string => {
  const id = StanzaId({ id: `the-id-in-the-archive-${i}`, by })
  return String(message({ from: 'f@e.org/x', id: `the-id-of-the-sender-${i}`, body: 'hi' }, id, much))
}

test('of messages that the application is done with only their ids are kept', async () => {
  const { session, api } = withArchive(fakeSession(), new FakeArchive().fill(1))
  await beginAndCatchUp(session, api)
  const before = heap()
  for (let i = 0; i < 60; i++) session.receive(large(i))
  await flushed()
  expect(heap() - before).toBeLessThan(10)
  expect(api.onMissed).toBeDefined()
})

test('also if the server has no archive, and nothing can be counted', async () => {
  const session = fakeSession()
  session.answer(queryArchive, new StanzaError({ condition: 'service-unavailable' }))
  const { api } = installed(session)
  await session.begin()
  await flushed()
  const before = heap()
  for (let i = 0; i < 60; i++) session.receive(large(i))
  await flushed()
  expect(heap() - before).toBeLessThan(10)
  expect(api.onMissed).toBeDefined()
})
