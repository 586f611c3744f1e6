import { StanzaError, xml } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { begin, bot, install, next, refusal } from '../test/begun-execution.js'
import { CommandResult, executeCommand } from './elements.js'

describe('cancelling', () => {
  test('is sent once', async () => {
    const { execution, asked, reply, session } = await begin()
    const all = [execution.cancel(), execution.cancel()]
    await session.settled()
    reply('', "sessionid='s1' status='canceled'")
    await Promise.all([...all, execution.cancel()])
    expect(asked().map(({ action }) => action)).toEqual(['execute', 'cancel'])
    expect(asked()[1]).toMatchObject({ sessionId: 's1', payload: [] })
    expect(execution.stage.status).toBe('canceled')
    await expect(execution.next({ service: 'x' })).rejects.toThrow(TypeError)
  })

  test('a refusal is told, unless it says that it was over already', async () => {
    const { execution, session } = await begin(next)
    session.answer(executeCommand, new StanzaError({ condition: 'forbidden' }))
    await expect(execution.cancel()).rejects.toMatchObject({ condition: 'forbidden' })
    const { execution: late, session: other } = await begin(next)
    other.answer(executeCommand, refusal('session-expired'))
    await late.cancel()
    expect(late.stage.status).toBe('canceled')
  })

  test('await using does it, and swallows a refusal', async () => {
    const { execution, session } = await begin(next)
    session.answer(executeCommand, new StanzaError({ condition: 'forbidden' }))
    await execution[Symbol.asyncDispose]()
    expect(session.requests).toHaveLength(2)
  })

  test('a signal that ends a stage cancels the command, once', async () => {
    const { execution, asked, session } = await begin(next)
    const controller = new AbortController()
    const going = execution.next(undefined, { signal: controller.signal })
    await session.settled()
    controller.abort(new Error('enough'))
    await expect(going).rejects.toThrow('enough')
    await session.settled()
    expect(asked().map(({ action }) => action)).toEqual(['execute', 'next', 'cancel'])
    await expect(execution.next()).rejects.toThrow('has ended')
  })

  test('a signal that ends the beginning cancels the session as soon as it is known', async () => {
    const { api, session, reply, asked } = install()
    const controller = new AbortController()
    const begun = api.execute(bot, 'config', { signal: controller.signal })
    await session.settled()
    controller.abort(new Error('enough'))
    await expect(begun).rejects.toThrow('enough')
    reply(next)
    await session.settled()
    expect(asked().map(({ action, sessionId }) => [action, sessionId])).toEqual([
      ['execute', undefined],
      ['cancel', 's1'],
    ])
    await expect(api.execute(bot, 'config', { signal: controller.signal })).rejects.toThrow('enough')
    expect(session.requests).toHaveLength(2)
  })

  test('a result that came before the cancelling arrived is one', async () => {
    const { execution, session } = await begin(next)
    const going = execution.next()
    const canceled = execution.cancel()
    await session.settled()
    const [, asked, cancel] = session.requests
    session.receive(
      `<iq type='result' id='${asked?.id}' from='${bot}'>${CommandResult({
        node: 'config',
        status: 'completed',
        notes: [],
        payload: [xml('urn:example', 'done')],
      })}</iq>`,
    )
    session.receive(`<iq type='error' id='${cancel?.id}' from='${bot}'>${refusal('session-expired').element}</iq>`)
    await Promise.all([going, canceled])
    expect(execution.stage.status).toBe('completed')
  })

  test('a lost connection ends all that was waited for', async () => {
    const { execution, session } = await begin(next)
    const going = execution.next()
    await session.settled()
    session.lose()
    await expect(going).rejects.toMatchObject({ name: 'ConnectionError' })
  })
})
