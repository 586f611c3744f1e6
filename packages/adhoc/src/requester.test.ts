import { field, submitForm } from '@couplet/forms'
import { Jid, StanzaError } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { begin, bot, form, formXml, install, next, refusal } from '../test/begun-execution.js'
import { CommandRequest, executeCommand, NS_COMMANDS } from './elements.js'

describe('list', () => {
  test('is what the entity says of itself, under the fixed node; not what it says of others (XEP-0050 §5)', async () => {
    const { api, items } = install()
    const jid = Jid.parse(bot)
    const other = jid.bare
    items.mockResolvedValue({
      items: [
        { jid, node: 'a', name: 'Do A' },
        { jid: other, node: 'b', name: 'Do B' },
        { jid, name: 'nothing' },
        { jid, node: 'c' },
      ],
    })
    expect(await api.list(bot)).toEqual([
      { jid, node: 'a', name: 'Do A' },
      { jid, node: 'c', name: undefined },
    ])
    expect(items).toHaveBeenCalledWith(jid, { node: NS_COMMANDS, signal: undefined })
  })

  test('rejects with what the entity says', async () => {
    const { api, items } = install()
    items.mockRejectedValue(new StanzaError({ condition: 'item-not-found' }))
    await expect(api.list(bot)).rejects.toMatchObject({ condition: 'item-not-found' })
  })
})

describe('execute', () => {
  test('asks for the command, and a result at once is the end of it', async () => {
    const { execution, asked, last, session } = await begin('<note type="warn">Hot!</note>', 'status="completed"')
    expect(asked()).toEqual([{ action: 'execute', node: 'config', lang: 'de', payload: [] }])
    expect([last()?.type, String(last()?.to)]).toEqual(['set', bot])
    expect(execution.stage).toMatchObject({ status: 'completed', notes: [{ type: 'warn', text: 'Hot!' }], actions: [] })
    expect(execution.stage.defaultAction).toBeUndefined()
    await expect(execution.next()).rejects.toThrow(TypeError)
    await execution.cancel()
    expect(session.requests).toHaveLength(1)
  })

  test('goes through the stages with one session, answering forms', async () => {
    const { execution, asked, reply, session } = await begin()
    expect(execution.stage).toMatchObject({ status: 'executing', form: { fields: form.fields }, actions: ['next'] })
    const second = execution.next({ service: 'httpd' })
    await session.settled()
    expect(asked()[1]).toMatchObject({ action: 'next', node: 'config', sessionId: 's1', lang: 'de' })
    const sent = asked()[1]?.payload[0]
    expect(sent?.attr('type')).toBe('submit')
    expect(sent && [...sent.elements()].map((each) => [each.attr('var'), each.child('value')?.text])).toEqual([
      ['FORM_TYPE', 'urn:example:service'],
      ['service', 'httpd'],
      ['state', 'off'],
    ])
    reply('<actions execute="complete"><prev/><complete/></actions>')
    expect(await second).toMatchObject({ actions: ['prev', 'complete'], defaultAction: 'complete', form: undefined })
    const third = execution.submit()
    await session.settled()
    expect(asked()[2]).toEqual({ action: 'complete', node: 'config', sessionId: 's1', lang: 'de', payload: [] })
    reply('<note>Done.</note>', 'status="completed"')
    expect(await third).toBe(execution.stage)
    expect(execution.stage).toMatchObject({ status: 'completed', notes: [{ type: 'info', text: 'Done.' }] })
  })

  test('an answer may be a typed form; a stage is read by definitions', async () => {
    const Service = submitForm('urn:example:service', { service: field('service'), state: field('state') })
    const { execution, asked, reply, session } = await begin(
      `${next}<x xmlns='jabber:x:data' type='form'>
        <field var='FORM_TYPE' type='hidden'><value>urn:example:service</value></field>
        <field var='service'><value>a</value></field><field var='state'><value>b</value></field></x>`,
    )
    expect(execution.stage.get(Service)).toEqual({ service: 'a', state: 'b' })
    expect(execution.stage.get(CommandRequest)).toBeUndefined()
    const done = execution.next(Service({ service: 'httpd', state: 'on' }))
    await session.settled()
    expect(Service.parse(asked()[1]!.payload[0]!)).toEqual({ service: 'httpd', state: 'on' })
    reply('', 'status="completed"')
    await done
  })

  test('prev goes back without answers', async () => {
    const { execution, asked, reply, session } = await begin(`<actions><prev/><next/></actions>${formXml}`)
    const back = execution.prev()
    await session.settled()
    expect(asked()[1]).toMatchObject({ action: 'prev', payload: [] })
    reply(next)
    expect(await back).toMatchObject({ actions: ['next'] })
  })

  test.each([
    ['', "status='executing'", ['complete'], 'complete'],
    ['', '', [], undefined],
    [next, '', ['next'], 'next'],
    ['<actions><next/><complete/></actions>', '', ['next', 'complete'], 'next'],
    ['<actions execute="complete"><next/><complete/></actions>', '', ['next', 'complete'], 'complete'],
    ['<actions><complete/></actions>', '', ['complete'], undefined],
    ['<actions execute="prev"><complete/></actions>', '', ['complete'], undefined],
    ['<actions execute="cancel"><next/></actions>', '', ['next'], undefined],
    ['<actions/>', '', [], undefined],
    [next, 'status="completed"', [], undefined],
  ])('what %s with %s allows, and what is usual (XEP-0050 §3.4)', async (content, status, actions, usual) => {
    const { execution } = await begin(content, `sessionid='s1' ${status}`)
    expect([execution.stage.actions, execution.stage.defaultAction]).toEqual([actions, usual])
  })

  test('what a stage does not allow, or its form does not have, is never sent', async () => {
    const { execution, session } = await begin()
    await expect(execution.prev()).rejects.toThrow(RangeError)
    await expect(execution.complete({ service: 'x' })).rejects.toThrow(RangeError)
    await expect(execution.next()).rejects.toThrow('requires a value')
    await expect(execution.next({ service: 'x', port: '1' })).rejects.toThrow('no field "port"')
    const { execution: plain, session: other } = await begin('<actions><complete/></actions>')
    await expect(plain.submit()).rejects.toThrow('no usual action')
    await expect(plain.complete({ x: '1' })).rejects.toThrow('has not asked')
    expect([session.requests.length, other.requests.length]).toEqual([1, 1])
  })

  test('one question at a time', async () => {
    const { execution, reply, session } = await begin(next)
    const first = execution.next()
    await expect(execution.next()).rejects.toThrow(TypeError)
    await session.settled()
    reply('', 'status="completed"')
    await first
    expect(session.requests).toHaveLength(2)
  })
})

describe('refusals', () => {
  test('have the condition of the XEP, and after bad-payload it can be tried again', async () => {
    const { execution, session } = await begin()
    session.answer(executeCommand, refusal('bad-payload'))
    const error = await execution.next({ service: 'x' }).catch((reason) => reason)
    expect(error).toMatchObject({ name: 'CommandError', code: 'bad-payload', retry: 'user', text: 'No.' })
    expect(error.cause).toMatchObject({ name: 'StanzaError', condition: 'bad-request' })
    expect(error.message).not.toContain('No.')
    session.answer(executeCommand, { node: 'config', status: 'completed', notes: [], payload: [] })
    expect(await execution.next({ service: 'y' })).toMatchObject({ status: 'completed' })
  })

  test.each(['session-expired', 'bad-sessionid'] as const)('%s is the end', async (condition) => {
    const { execution, session } = await begin(next)
    session.answer(executeCommand, refusal(condition))
    await expect(execution.next()).rejects.toMatchObject({ code: condition, retry: 'no' })
    expect(execution.stage).toMatchObject({ status: 'canceled', actions: [] })
    await execution.cancel()
    expect(session.requests).toHaveLength(2)
  })

  test('of the beginning', async () => {
    const { api, session } = install()
    session.answer(executeCommand, refusal('bad-locale'))
    await expect(api.execute(bot, 'config', { lang: 'fr-ca' })).rejects.toMatchObject({ code: 'bad-locale' })
    session.answer(executeCommand, new StanzaError({ condition: 'forbidden' }))
    await expect(api.execute(bot, 'config')).rejects.toMatchObject({ name: 'StanzaError', condition: 'forbidden' })
    await expect(api.execute('@', 'config')).rejects.toMatchObject({ name: 'InvalidJidError' })
  })

  test('S-103 nobody else can answer for the responder', async () => {
    const { api, session, last, reply } = install()
    const begun = api.execute(bot, 'config')
    await session.settled()
    for (const from of ['bot@example.org', 'bot@example.org/y', 'example.org', 'mallory@evil.net/x']) {
      session.receive(`<iq type='result' id='${last()?.id}' from='${from}'>
        <command xmlns='${NS_COMMANDS}' node='config' status='completed'><note>pwned</note></command></iq>`)
    }
    reply('<note>mine</note>', 'status="completed"')
    expect((await begun).stage.notes).toEqual([{ type: 'info', text: 'mine' }])
    expect(session.rejected).toHaveLength(4)
  })

  test('a stage without a session, or of another one, is malformed', async () => {
    const { api, session, reply } = install()
    const begun = api.execute(bot, 'config')
    await session.settled()
    reply(next, 'status="executing" sessionid=""')
    await expect(begun).rejects.toMatchObject({ name: 'MalformedElementError', path: 'command@sessionid' })
    const { execution, session: other, reply: answer } = await begin(next)
    const going = execution.next()
    await other.settled()
    answer(next, "status='executing' sessionid='s2'")
    await expect(going).rejects.toMatchObject({ name: 'MalformedElementError' })
  })

  test('a broken form costs neither the stage nor the rest of it', async () => {
    const { execution } = await begin(`${next}<x xmlns='jabber:x:data' type='trap'/><note>Hm.</note>`)
    expect(execution.stage).toMatchObject({ form: undefined, notes: [{ text: 'Hm.' }] })
    expect(execution.stage.payload).toHaveLength(1)
  })
})
