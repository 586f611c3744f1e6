import { disco, getDiscoInfo, getDiscoItems } from '@couplet/disco'
import { OobData } from '@couplet/oob'
import { Jid, StanzaError, xml } from '@couplet/stanza'
import { type FakeSession, fakeSession } from '@couplet/testing'
import { describe, expect, test, vi } from 'vitest'
import {
  FileTooLarge,
  NS_HTTP_UPLOAD,
  NS_UPLOAD_PURPOSE,
  requestSlot,
  UploadLimits,
  UploadRequest,
  UploadRetry,
} from './elements.js'
import { fileMessage } from './file-message.js'
import { type HttpUpload, type HttpUploadOptions, httpUpload } from './http-upload.js'
import type { PutInit } from './put-file.js'

const service = 'upload.example.org'
const put = `https://${service}/secret/a.jpg`
const get = 'https://files.example.org/secret/a.jpg'
const slot = { put: { url: put, headers: [{ name: 'Authorization', value: 'x' }] }, get: { url: get } }
const file = new Blob(['hello'], { type: 'text/plain' })

interface Set {
  readonly session: FakeSession
  readonly api: HttpUpload
  readonly fetch: ReturnType<typeof fakeFetch>
}
const fakeFetch = () => vi.fn(async (_url: string, _init: PutInit) => new Response(null, { status: 201 }))

/** A session whose server has the service. */
function setUp(options: HttpUploadOptions = {}, { limit = 100, features = [] as string[] } = {}): Set {
  const session = fakeSession()
  const fetch = fakeFetch()
  const asking = session.install(disco())
  const api = session.install(httpUpload({ fetch, ...options }), { disco: asking })
  session.answer(getDiscoItems, { items: [{ jid: Jid.parse(service) }] })
  session.answer(getDiscoInfo, (_query, { to }) => ({
    identities: [],
    features: String(to) === service ? [NS_HTTP_UPLOAD, ...features] : [],
    forms: String(to) === service ? [UploadLimits({ maxFileSize: limit })] : [],
  }))
  return { session, api, fetch }
}
const slotRequests = ({ session }: Set) =>
  session.requests.filter(({ payload }) => payload && UploadRequest.matches(payload))
const requested = (set: Set) => slotRequests(set).map(({ element }) => element.get(UploadRequest))

describe('upload', () => {
  test('asks for a place, puts the file there, and tells where others find it', async () => {
    const set = setUp()
    set.session.answer(requestSlot, slot)
    const done = await set.api.upload(file, { name: 'a.jpg', type: 'image/jpeg' })
    expect(done).toEqual({ url: get, name: 'a.jpg', size: 5, type: 'image/jpeg', sameHost: false })
    expect(slotRequests(set).map(({ to, type }) => `${type} ${to}`)).toEqual([`get ${service}`])
    expect(requested(set)).toEqual([{ filename: 'a.jpg', size: 5, contentType: 'image/jpeg' }])
    expect(set.fetch.mock.calls).toEqual([
      [
        put,
        expect.objectContaining({
          headers: [
            ['Authorization', 'x'],
            ['Content-Type', 'image/jpeg'],
          ],
          body: file,
        }),
      ],
    ])
  })

  test('name and type come with the file', async () => {
    const set = setUp()
    set.session.answer(requestSlot, slot)
    await set.api.upload(new File(['x'], 'notes.txt', { type: 'text/plain' }))
    await set.api.upload(new TextEncoder().encode('bytes'))
    await set.api.upload(file, { name: '/home/me/secret/plan.txt' })
    await set.api.upload(file, { name: 'C:\\secret\\plan.txt', type: 'text/x-plan' })
    await set.api.upload(file, { name: 'secret/' })
    expect(requested(set)).toEqual([
      { filename: 'notes.txt', size: 1, contentType: 'text/plain' },
      { filename: 'file', size: 5, contentType: 'application/octet-stream' },
      { filename: 'plan.txt', size: 5, contentType: 'text/plain' },
      { filename: 'plan.txt', size: 5, contentType: 'text/x-plan' },
      { filename: 'file', size: 5, contentType: 'text/plain' },
    ])
  })

  test('is sent with two lines', async () => {
    const { session, api } = setUp()
    session.answer(requestSlot, slot)
    const uploaded = await api.upload(file)
    session.send(fileMessage({ to: 'friend@example.org', type: 'chat' }, uploaded))
    expect(session.sent[0]).toMatchObject({ body: get, type: 'chat' })
    expect(session.sent[0]?.get(OobData)).toEqual({ url: get })
  })

  test('the service is looked for once in a session', async () => {
    const set = setUp()
    set.session.answer(requestSlot, slot)
    await set.api.upload(file)
    const asked = set.session.requests.length
    await set.api.upload(file)
    expect(set.session.requests).toHaveLength(asked + 1)
    expect(await set.api.service()).toMatchObject({ maxFileSize: 100 })
    await set.session.begin()
    await set.api.upload(file)
    expect(set.session.requests.length).toBeGreaterThan(asked + 2)
  })

  test('the application may choose the service', async () => {
    const set = setUp({ service })
    set.session.answer(requestSlot, slot)
    await set.api.upload(file)
    expect(set.session.requests.map(({ to }) => String(to))).toEqual([service, service])
    const wrong = setUp({ service: Jid.parse('rooms.example.org') })
    await expect(wrong.api.upload(file)).rejects.toMatchObject({ code: 'no-service' })
  })

  test('a signal ends it, and so does the end of the client', async () => {
    const aborted = setUp()
    aborted.session.answer(requestSlot, slot)
    const reason = new Error('enough')
    await expect(aborted.api.upload(file, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(slotRequests(aborted)).toHaveLength(0)
    const closed = setUp({
      fetch: (_url, { signal }) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    })
    closed.session.answer(requestSlot, slot)
    const onProgress = () => closed.session.end()
    await expect(closed.api.upload(file, { onProgress })).rejects.toThrow('the client was closed')
  })

  test('an error in showing the progress is reported, and the file is sent', async () => {
    const { session, api } = setUp()
    session.answer(requestSlot, slot)
    const onProgress = () => {
      throw new Error('no window')
    }
    await api.upload(file, { onProgress })
    expect(session.errors).toContainEqual(new Error('no window'))
  })

  test.each(['', 'image/jpeg\r\nHost: evil', 'naïve'])('S-176 %j is no media type', async (type) => {
    const set = setUp()
    await expect(set.api.upload(new Blob(['x']), { type })).rejects.toThrow(TypeError)
    expect(set.session.requests).toHaveLength(0)
  })
})

describe('what the service takes', () => {
  test('a file that is too large is not even announced', async () => {
    const set = setUp({}, { limit: 4 })
    await expect(set.api.upload(file)).rejects.toMatchObject({ code: 'file-too-large', maxFileSize: 4, retry: 'no' })
    expect(slotRequests(set)).toHaveLength(0)
    expect(set.fetch).not.toHaveBeenCalled()
  })

  test('an empty file is a mistake', async () => {
    const { api } = setUp()
    await expect(api.upload(new Blob([]))).rejects.toThrow(RangeError)
  })

  test('a purpose that the service does not know', async () => {
    const set = setUp({}, { features: [`${NS_UPLOAD_PURPOSE}#profile`] })
    set.session.answer(requestSlot, slot)
    const expireBefore = new Date('2030-01-01T00:00:00Z')
    for (const purpose of ['permanent', { expireBefore }] as const) {
      await expect(set.api.upload(file, { purpose })).rejects.toMatchObject({ code: 'unsupported-purpose' })
    }
    await set.api.upload(file, { purpose: 'message' })
    await set.api.upload(file, { purpose: 'profile' })
    expect(requested(set).map((request) => request?.purpose)).toEqual(['message', 'profile'])
  })

  test.each([
    ['with its limit', FileTooLarge({ maxFileSize: 20_000 }), 20_000],
    ['without', FileTooLarge(), undefined],
    [
      'with a broken one',
      xml(NS_HTTP_UPLOAD, 'file-too-large', {}, xml(NS_HTTP_UPLOAD, 'max-file-size', {}, 'x')),
      undefined,
    ],
  ])('too large after all, %s', async (_how, application, maxFileSize) => {
    const { session, api } = setUp()
    session.answer(requestSlot, new StanzaError({ condition: 'not-acceptable', application }))
    const error = await api.upload(file).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      name: 'UploadError',
      code: 'file-too-large',
      maxFileSize,
      cause: { name: 'StanzaError' },
    })
  })

  test('a quota, with the time when to try again', async () => {
    const { session, api } = setUp()
    const stamp = new Date('2017-12-03T23:42:05Z')
    const application = UploadRetry({ stamp })
    session.answer(requestSlot, new StanzaError({ condition: 'resource-constraint', application }))
    await expect(api.upload(file)).rejects.toMatchObject({ code: 'try-later', retryAt: stamp, retry: 'backoff' })
  })

  test('any other refusal, and a broken time, is what the service said', async () => {
    const { session, api } = setUp()
    session.answer(requestSlot, new StanzaError({ condition: 'forbidden' }))
    await expect(api.upload(file)).rejects.toMatchObject({ name: 'StanzaError', condition: 'forbidden', retry: 'user' })
    const application = xml(NS_HTTP_UPLOAD, 'retry', { stamp: 'soon' })
    session.answer(requestSlot, new StanzaError({ condition: 'resource-constraint', application }))
    await expect(api.upload(file)).rejects.toMatchObject({ name: 'StanzaError', condition: 'resource-constraint' })
  })
})

describe('a hostile service', () => {
  const urls = [
    [{ ...slot, put: { ...slot.put, url: 'http://upload.example.org/a' } }, 'an upload without TLS'],
    [{ ...slot, get: { url: 'http://files.example.org/a' } }, 'a download without TLS'],
    [{ ...slot, put: { ...slot.put, url: 'file:///etc/passwd' } }, 'another scheme'],
    [
      { ...slot, put: { url: put, headers: [{ name: 'Cookie', value: 'a\r\nHost: evil' }] } },
      'S-176 a header in a header',
    ],
  ] as const
  test.each(urls)('%#: nothing is sent', async (answer, _what) => {
    const set = setUp()
    set.session.answer(requestSlot, answer)
    await expect(set.api.upload(file)).rejects.toMatchObject({ name: 'UploadError', code: 'bad-slot' })
    expect(set.fetch).not.toHaveBeenCalled()
  })

  test('S-177 headers that are not allowed are not sent', async () => {
    const set = setUp()
    const headers = [
      { name: 'Host', value: 'evil.net' },
      { name: 'X-Forwarded-For', value: '10.0.0.1' },
    ]
    set.session.answer(requestSlot, { ...slot, put: { url: put, headers } })
    await set.api.upload(file)
    expect(set.fetch.mock.calls[0]?.[1].headers).toEqual([['Content-Type', 'text/plain']])
  })

  test('S-179 a slot from somebody else does not count, and another host for others is told', async () => {
    const set = setUp()
    await set.api.service()
    const answered = set.api.upload(file)
    await set.session.settled()
    const [request] = slotRequests(set)
    const reply = (from: string, host: string) =>
      `<iq type='result' id='${request?.id}' from='${from}'><slot xmlns='${NS_HTTP_UPLOAD}'>
        <put url='https://${host}/a'/><get url='https://${host}/a'/></slot></iq>`
    for (const from of ['stranger@evil.net/x', 'example.org', 'me@example.org', `x@${service}`]) {
      set.session.receive(reply(from, 'evil.net'))
    }
    set.session.receive(reply(service, service))
    expect(await answered).toMatchObject({ url: `https://${service}/a`, sameHost: true })
  })

  test('S-179 a slot that lacks an address', async () => {
    const set = setUp()
    await set.api.service()
    const answered = set.api.upload(file)
    await set.session.settled()
    set.session.receive(`<iq type='result' id='${slotRequests(set)[0]?.id}' from='${service}'>
      <slot xmlns='${NS_HTTP_UPLOAD}'><put url='${put}'/></slot></iq>`)
    await expect(answered).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  test('the application decides about hosts', async () => {
    const set = setUp({ allow: ({ hostname }) => hostname.endsWith('.example.org') })
    set.session.answer(requestSlot, slot)
    await set.api.upload(file)
    set.session.answer(requestSlot, { ...slot, put: { url: 'https://169.254.169.254/latest', headers: [] } })
    await expect(set.api.upload(file)).rejects.toMatchObject({ code: 'bad-slot' })
    expect(set.fetch).toHaveBeenCalledTimes(1)
  })
})
