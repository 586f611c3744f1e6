import { ConnectionError } from '@couplet/client'
import type { Disco, DiscoInfo, DiscoItems } from '@couplet/disco'
import { Jid, MalformedElementError, StanzaError } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { NS_HTTP_UPLOAD, NS_UPLOAD_PURPOSE, UploadLimits } from './elements.js'
import { findService } from './find-service.js'

type Answer = readonly string[] | Error | 'silence'
const uploads = [NS_HTTP_UPLOAD]

/** What entities answer, by address. Those that are not here do not exist. */
function fakeDisco(
  answers: Record<string, Answer>,
  items: Partial<DiscoItems['items'][number]>[] | Error,
  limit?: number,
) {
  const asked: string[] = []
  const disco: Pick<Disco, 'info' | 'items'> = {
    async info(jid): Promise<DiscoInfo> {
      asked.push(String(jid))
      const answer = answers[String(jid)] ?? new StanzaError({ condition: 'service-unavailable' })
      if (answer === 'silence') return new Promise(() => {})
      if (answer instanceof Error) throw answer
      return {
        identities: [],
        features: answer,
        forms: limit === undefined ? [] : [UploadLimits({ maxFileSize: limit })],
      }
    },
    async items(): Promise<DiscoItems> {
      if (items instanceof Error) throw items
      return { items: items.map((item) => ({ jid: Jid.parse('x.example.org'), ...item })) }
    },
  }
  return { disco: disco as Disco, asked }
}
const at = (...names: string[]) => names.map((name) => ({ jid: Jid.parse(name) }))
const find = ({ disco }: { disco: Disco }, options = {}) => findService(disco, 'example.org', options)

describe('findService', () => {
  test('the first that takes files, with what it says about them', async () => {
    const features = [...uploads, `${NS_UPLOAD_PURPOSE}#profile`, `${NS_UPLOAD_PURPOSE}#message`]
    const fake = fakeDisco(
      { 'rooms.example.org': ['muc'], 'a.example.org': features, 'b.example.org': uploads, 'example.org': [] },
      at('rooms.example.org', 'a.example.org', 'b.example.org'),
      5_242_880,
    )
    const service = await find(fake)
    expect(String(service.jid)).toBe('a.example.org')
    expect(service.maxFileSize).toBe(5_242_880)
    expect([...service.purposes]).toEqual(['profile', 'message'])
  })

  test('the server itself, also if it tells of nothing else', async () => {
    const fake = fakeDisco({ 'example.org': uploads }, new StanzaError({ condition: 'item-not-found' }))
    expect(await find(fake)).toMatchObject({ jid: { domain: 'example.org' }, maxFileSize: undefined })
    const both = fakeDisco({ 'example.org': uploads, 'up.example.org': uploads }, at('up.example.org'))
    expect(await find(both)).toMatchObject({ jid: { domain: 'example.org' } })
  })

  test('services that are broken, slow or gone are passed over', async () => {
    const fake = fakeDisco(
      {
        'broken.example.org': new MalformedElementError('query/feature@var', 'is missing'),
        'slow.example.org': new DOMException('no answer', 'TimeoutError'),
        'up.example.org': uploads,
      },
      at('gone.example.org', 'broken.example.org', 'slow.example.org', 'up.example.org'),
    )
    expect(String((await find(fake)).jid)).toBe('up.example.org')
  })

  test('one that is silent keeps nobody waiting, also if it is the server itself', async () => {
    const answers = { 'example.org': 'silence', 'mute.example.org': 'silence', 'up.example.org': uploads } as const
    const fake = fakeDisco(answers, at('mute.example.org', 'up.example.org'))
    expect(String((await find(fake)).jid)).toBe('up.example.org')
  })

  test('none', async () => {
    const fake = fakeDisco({ 'rooms.example.org': ['urn:xmpp:http:upload'] }, at('rooms.example.org'))
    await expect(find(fake)).rejects.toMatchObject({ name: 'UploadError', code: 'no-service', retry: 'no' })
  })

  test('people, nodes and the end of a giant list are not asked', async () => {
    const many = Array.from({ length: 300 }, (_, i) => `s${i}.example.org`)
    const items = [...at('someone@example.org'), { ...at('n.example.org')[0], node: 'x' }, ...at(...many)]
    const fake = fakeDisco({}, items)
    await expect(find(fake)).rejects.toMatchObject({ code: 'no-service' })
    expect(fake.asked).toHaveLength(101)
    expect(fake.asked).not.toContain('someone@example.org')
    expect(fake.asked).not.toContain('n.example.org')
  })

  test('a lost connection and a signal are not the same as having none', async () => {
    const lost = new ConnectionError('session', 'closed', 'the connection was lost')
    await expect(find(fakeDisco({ 'example.org': lost }, []))).rejects.toBe(lost)
    await expect(find(fakeDisco({ 'example.org': uploads }, lost))).rejects.toBe(lost)
    const late = new DOMException('late', 'TimeoutError')
    await expect(find(fakeDisco({ 'example.org': late }, []), { signal: AbortSignal.abort(late) })).rejects.toBe(late)
  })
})
