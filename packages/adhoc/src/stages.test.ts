import { DataForm } from '@couplet/forms'
import type { StanzaError } from '@couplet/stanza'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { install, me, questions, wizard } from '../test/offered-command.js'
import { CommandCondition } from './elements.js'

describe('stages', () => {
  test('lead from one to the next, back, and to the end, in one session', async () => {
    const { ask, submit, calls, refused } = wizard()
    const begun = await ask({ action: 'execute' })
    expect(begun).toMatchObject({ status: 'executing', actions: { execute: 'next', next: true } })
    expect(begun.payload[0] && DataForm.parse(begun.payload[0])).toEqual(questions)
    const { sessionId } = begun
    const second = await ask({ sessionId, action: 'next', payload: [submit({ text: ['tea'] })] })
    expect(second).toMatchObject({ sessionId, status: 'executing', payload: [] })
    expect(second.actions).toEqual({ execute: 'complete', prev: true, complete: true })
    expect(await ask({ sessionId, action: 'prev' })).toMatchObject({ sessionId, actions: { next: true } })
    await ask({ sessionId, payload: [submit({ text: ['coffee'] })] })
    const done = await ask({ sessionId })
    expect(done).toMatchObject({ sessionId, status: 'completed', notes: [{ type: 'info', text: 'Set.' }] })
    expect(done.actions).toBeUndefined()
    expect(calls).toEqual(['next tea', 'prev', 'next coffee', 'complete'])
    expect(await refused({ sessionId })).toBe('session-expired')
    expect(await refused({ sessionId, action: 'cancel' })).toBe('session-expired')
  })

  test('can be canceled', async () => {
    const { ask, refused, calls } = wizard()
    const { sessionId } = await ask({})
    expect(await ask({ sessionId, action: 'cancel' })).toMatchObject({ sessionId, status: 'canceled', payload: [] })
    expect(await refused({ sessionId, action: 'next' })).toBe('session-expired')
    expect(calls).toEqual([])
  })

  test('the usual action is what the stage says', async () => {
    const stage = { next: () => {}, complete: () => ({ notes: ['complete'] }), defaultAction: 'complete' } as const
    const { ask } = install(() => stage)
    const { sessionId, actions } = await ask({})
    expect(actions).toEqual({ execute: 'complete', next: true, complete: true })
    expect((await ask({ sessionId, action: 'execute' })).notes[0]?.text).toBe('complete')
  })

  test('actions that nobody knows, or that are not for this stage, change nothing', async () => {
    const { session, ask, refused, calls } = wizard()
    for (const action of ['next', 'prev', 'complete', 'cancel'] as const) {
      expect(await refused({ action })).toBe('bad-action')
    }
    const { sessionId } = await ask({})
    expect(await refused({ sessionId, action: 'prev' })).toBe('bad-action')
    expect(await refused({ sessionId, action: 'complete' })).toBe('bad-action')
    for (const id of ['', `sessionid='${sessionId}'`]) {
      session.receive(`<iq type='set' id='x' from='${me}'>
        <command xmlns='http://jabber.org/protocol/commands' node='remind' ${id} action='explode'/></iq>`)
      await session.settled()
      expect(session.replies.at(-1)?.error?.element.get(CommandCondition)).toBe('malformed-action')
    }
    expect(calls).toEqual([])
    expect((await ask({ sessionId, action: 'cancel' })).status).toBe('canceled')
  })
})

describe('sessions', () => {
  test('S-155 belong to the full JID that began them; nobody else can tell that they are there', async () => {
    const { ask, refused, calls, submit, session, api } = wizard()
    api.add({ node: 'other', name: 'Other', allow: 'anyone', run: () => {} })
    const { sessionId } = await ask({})
    for (const from of ['me@example.org', 'me@example.org/third', 'mallory@evil.net/other', 'example.org']) {
      for (const action of ['next', 'cancel', undefined] as const) {
        const request = { sessionId, payload: [submit({ text: ['pwned'] })], ...(action && { action }) }
        expect(await refused(request, from)).toBe('bad-sessionid')
      }
    }
    expect(await refused({ sessionId, node: 'other' })).toBe('bad-sessionid')
    expect(await refused({ sessionId: 'made-up' })).toBe('bad-sessionid')
    expect(await refused({ sessionId: '' })).toBe('bad-sessionid')
    expect(calls).toEqual([])
    await ask({ sessionId, action: 'cancel' })
    expect(await refused({ sessionId }, 'mallory@evil.net/other')).toBe('bad-sessionid')
    expect(session.errors).toEqual([])
  })

  test('an own id in the beginning is none', async () => {
    const { refused } = wizard()
    expect(await refused({ sessionId: 'mine', action: 'execute' })).toBe('bad-sessionid')
  })

  test('of one account are bounded: the oldest ends', async () => {
    const { ask, refused } = wizard({ maxSessionsPerAccount: 2 })
    const ids: (string | undefined)[] = []
    for (const resource of ['a', 'b', 'c']) ids.push((await ask({}, `me@example.org/${resource}`)).sessionId)
    expect(new Set(ids).size).toBe(3)
    expect(await refused({ sessionId: ids[0]! }, 'me@example.org/a')).toBe('session-expired')
    for (const [i, resource] of ['b', 'c'].entries()) {
      const from = `me@example.org/${resource}`
      expect((await ask({ sessionId: ids[i + 1]!, action: 'cancel' }, from)).status).toBe('canceled')
    }
  })

  test('of one account are refused as long as all of them are at work', async () => {
    let finish = (): void => {}
    const { session, ask } = install(
      () =>
        new Promise((resolve) => {
          finish = () => resolve({ notes: ['done'] })
        }),
      { maxSessionsPerAccount: 1 },
    )
    const working = ask({})
    session.receive(`<iq type='set' id='second' from='${me}'>
      <command xmlns='http://jabber.org/protocol/commands' node='remind'/></iq>`)
    await vi.waitFor(() => expect(session.replies[0]).toMatchObject({ id: 'second', error: { type: 'wait' } }))
    finish()
    expect((await working).notes[0]?.text).toBe('done')
  })

  test('of all together are bounded: further ones are refused until some have ended', async () => {
    const { ask, refused } = wizard({ maxSessions: 2 })
    const first = await ask({}, 'a@evil.net/x')
    await ask({}, 'b@evil.net/x')
    expect(await refused({}, me)).toBe('resource-constraint')
    await ask({ sessionId: first.sessionId!, action: 'cancel' }, 'a@evil.net/x')
    expect((await ask({}, me)).status).toBe('executing')
  })

  test('that have ended are forgotten after a thousand others', async () => {
    const { ask, refused } = install(() => {})
    const ids: string[] = []
    for (let i = 0; i <= 1000; i++) ids.push((await ask({})).sessionId!)
    expect(await refused({ sessionId: ids[0]! })).toBe('bad-sessionid')
    expect(await refused({ sessionId: ids[1]! })).toBe('session-expired')
  })

  test('end with their command', async () => {
    const { ask, added, api, refused } = wizard()
    const { sessionId } = await ask({})
    added.dispose()
    api.add({ node: 'remind', name: 'Again', allow: 'anyone', run: () => {} })
    expect(await refused({ sessionId: sessionId! })).toBe('session-expired')
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 31])('limits are numbers that mean something, and not %d', (limit) => {
    for (const name of ['maxSessions', 'maxSessionsPerAccount', 'sessionLifetime']) {
      expect(() => install(() => {}, { [name]: limit })).toThrow(RangeError)
    }
  })

  describe('in time', () => {
    beforeEach(() => {
      vi.useFakeTimers()
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    test('end ten minutes after the last word', async () => {
      const { ask, refused, submit } = wizard()
      const { sessionId } = await ask({})
      await vi.advanceTimersByTimeAsync(599_999)
      await ask({ sessionId, payload: [submit({ text: ['tea'] })] })
      await vi.advanceTimersByTimeAsync(599_999)
      await ask({ sessionId, action: 'prev' })
      await vi.advanceTimersByTimeAsync(600_000)
      expect(await refused({ sessionId })).toBe('session-expired')
      expect(vi.getTimerCount()).toBe(0)
    })

    test('leave no timer behind', async () => {
      const { ask, session } = wizard()
      const { sessionId } = await ask({})
      await ask({})
      expect(vi.getTimerCount()).toBe(2)
      await ask({ sessionId, action: 'cancel' })
      expect(vi.getTimerCount()).toBe(1)
      session.end()
      expect(vi.getTimerCount()).toBe(0)
    })

    test('a handler that never returns leaves nobody without an answer', async () => {
      let signal: AbortSignal | undefined
      const { ask } = install((input) => {
        signal = input.signal
        return new Promise(() => {})
      })
      const answer = ask({}).catch((error: StanzaError) => error.element.get(CommandCondition))
      await vi.advanceTimersByTimeAsync(600_000)
      expect(await answer).toBe('session-expired')
      expect(signal?.aborted).toBe(true)
    })
  })

  test('a second answer to a stage that is being dealt with is refused, and cancelling stops it', async () => {
    let signal: AbortSignal | undefined
    const { session, ask } = install(() => ({
      next: (input) => {
        signal = input.signal
        return new Promise(() => {})
      },
    }))
    const { sessionId } = await ask({})
    const send = (id: string, action: string) =>
      session.receive(`<iq type='set' id='${id}' from='${me}' to='me@example.org/here'>
        <command xmlns='http://jabber.org/protocol/commands' node='remind' sessionid='${sessionId}' action='${action}'/></iq>`)
    send('1', 'next')
    send('2', 'next')
    send('3', 'cancel')
    await session.settled()
    const outcome = session.replies
      .slice(1)
      .map(({ id, error, payload }) => [id, error?.element.get(CommandCondition) ?? payload?.attr('status')])
    expect(outcome.sort()).toEqual([
      ['1', 'canceled'],
      ['2', 'bad-action'],
      ['3', 'canceled'],
    ])
    expect(signal?.reason).toMatchObject({ name: 'AbortError' })
  })
})
