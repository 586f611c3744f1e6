import { randomBytes } from 'node:crypto'
import { disco } from '@couplet/disco'
import { FileTooLarge, fileMessage, httpUpload, requestSlot } from '@couplet/http-upload'
import { OobData } from '@couplet/oob'
import { describe, expect, test } from 'vitest'
import { httpsFetch } from './https-fetch.js'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

/** What the labs are configured with. */
const limit = 10 * 1024 * 1024
const all = await targets()
const services = all.filter(({ server }) => server !== undefined)
const open = (target: Target) =>
  openClient(target, { plugins: [disco(), httpUpload({ fetch: httpsFetch(target.ca) })] })

describe.each(all.filter(({ server }) => server === undefined))('uploads to $title', (target) => {
  test('it has no service for files, and that is what is said', async () => {
    const client = await open(target)
    await expect(client.httpUpload.upload(new Blob(['x']))).rejects.toMatchObject({ code: 'no-service' })
  })
})

describe.each(services)('uploads to $title', (target) => {
  test('its service is found, with what it takes', async () => {
    const client = await open(target)
    const { jid, maxFileSize } = await client.httpUpload.service()
    expect(String(jid)).toBe(`upload.${target.domain}`)
    expect(maxFileSize).toBe(limit)
  })

  test.each(['in one piece', 'counted'])(
    'a file that is sent %s can be fetched by whom it was sent to',
    async (way) => {
      const [romeo, juliet] = await Promise.all([open(target), openClient(target)])
      const inbox = messagesOf(juliet)
      const bytes = randomBytes(300_000)
      const seen: number[] = []
      const onProgress = way === 'counted' ? (sent: number) => void seen.push(sent) : undefined
      const file = await romeo.httpUpload.upload(bytes, { name: 'très cool.jpg', type: 'image/jpeg', onProgress })
      expect(file).toMatchObject({ name: 'très cool.jpg', size: 300_000, type: 'image/jpeg', sameHost: true })
      if (way === 'counted') expect([seen[0], seen.at(-1)]).toEqual([0, 300_000])
      await romeo.send(fileMessage({ to: juliet.account, type: 'chat' }, file)).acked
      const [message] = await inbox.until(1)
      expect(message?.body).toBe(file.url)
      const answer = await httpsFetch(target.ca)(message?.get(OobData)?.url ?? '')
      expect(answer.headers.get('content-type')).toBe('image/jpeg')
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true)
    },
  )

  test('a file that is too large is refused here, and would be by the service', async () => {
    const client = await open(target)
    const upload = client.httpUpload.upload(new Uint8Array(limit + 1))
    await expect(upload).rejects.toMatchObject({ code: 'file-too-large', maxFileSize: limit })
    const { jid } = await client.httpUpload.service()
    const asked = client.request(requestSlot, { filename: 'a.jpg', size: limit + 1 }, { to: jid })
    const error = await asked.catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'StanzaError', condition: 'not-acceptable' })
    expect(error.element.get(FileTooLarge)).toEqual({ maxFileSize: limit })
  })

  test('a slot is good for the size that was declared, and for no other', async () => {
    const client = await open(target)
    const { put, headers } = await client.httpUpload.slot({ filename: 'a.txt', size: 5, contentType: 'text/plain' })
    const declared: [string, string][] = headers.map(([name, value]) => [name, value])
    const answer = await httpsFetch(target.ca)(put.href, {
      method: 'PUT',
      headers: [...declared, ['Content-Type', 'text/plain']],
      body: new Blob(['more than five']),
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
  })

  test('an upload can be ended', async () => {
    const client = await open(target)
    const controller = new AbortController()
    const reason = new Error('enough')
    const onProgress = (sent: number) => (sent > 0 ? controller.abort(reason) : undefined)
    const upload = client.httpUpload.upload(new Uint8Array(5_000_000), { onProgress, signal: controller.signal })
    await expect(upload).rejects.toBe(reason)
  })
})
