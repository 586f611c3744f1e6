import { adhoc, askForm, CommandError, type CommandStep, NS_COMMANDS, type ServedCommand } from '@couplet/adhoc'
import { disco } from '@couplet/disco'
import { field, submitForm } from '@couplet/forms'
import { uint } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { openClient } from './open-client.js'
import { type Target, targets } from './targets.js'

const Answer = submitForm('urn:example:tea', { minutes: field('minutes', uint) })

/** Two stages that can be gone through in both directions. */
const first = (): CommandStep => ({
  form: askForm({ title: 'Tea', fields: { sort: { options: ['green', 'black'], required: true } } }),
  next: (input) => {
    const sort = input.value('sort') ?? ''
    const fields = { minutes: { label: 'How long?', value: 3 } }
    return {
      form: askForm({ title: `Tea, ${sort}`, formType: 'urn:example:tea', fields }),
      prev: first,
      complete: (last) => {
        const { minutes } = last.read(Answer)
        if (minutes > 10) throw new CommandError('bad-payload', 'That is too long.')
        return { notes: [`${sort} tea, ${minutes} minutes`, { type: 'warn', text: 'Hot!' }] }
      },
    }
  },
})

const tea: ServedCommand = { node: 'tea', name: 'Make tea', lang: 'en', allow: 'anyone', run: first }

const open = (target: Target) => openClient(target, { plugins: [disco(), adhoc()] })

describe.each(await targets())('commands at $title', (target) => {
  test('are found by whom they allow, and executed stage by stage', async () => {
    const [maker, drinker] = await Promise.all([open(target), open(target)])
    maker.adhoc.add(tea)
    maker.adhoc.add({ ...tea, node: 'private', allow: 'ownAccount' })
    expect(await drinker.adhoc.list(maker.jid)).toEqual([{ jid: maker.jid, node: 'tea', name: 'Make tea' }])
    expect((await drinker.disco.info(maker.jid, { node: 'tea' })).features).toEqual([NS_COMMANDS, 'jabber:x:data'])
    const execution = await drinker.adhoc.execute(maker.jid, 'tea', { lang: 'en' })
    expect(execution.stage).toMatchObject({
      status: 'executing',
      lang: 'en',
      actions: ['next'],
      form: { title: 'Tea' },
    })
    await expect(execution.next({ sort: 'blue' })).rejects.toMatchObject({ code: 'bad-payload' })
    expect((await execution.next({ sort: 'green' })).form?.title).toBe('Tea, green')
    expect((await execution.prev()).form?.title).toBe('Tea')
    expect(await execution.submit({ sort: 'black' })).toMatchObject({ actions: ['prev', 'complete'] })
    await expect(execution.complete({ minutes: 60 })).rejects.toMatchObject({ text: 'That is too long.' })
    expect(await execution.complete(Answer({ minutes: 4 }))).toMatchObject({
      status: 'completed',
      notes: [
        { type: 'info', text: 'black tea, 4 minutes' },
        { type: 'warn', text: 'Hot!' },
      ],
    })
  })

  test('S-155 S-160 are not for others, who cannot even tell that they are there', async () => {
    const [maker, stranger] = await Promise.all([open(target), open(target)])
    maker.adhoc.add({ ...tea, allow: 'ownAccount' })
    const nothing = { name: 'StanzaError', condition: 'service-unavailable' }
    await expect(stranger.adhoc.list(maker.jid)).rejects.toMatchObject(nothing)
    await expect(stranger.adhoc.execute(maker.jid, 'tea')).rejects.toMatchObject(nothing)
    await expect(stranger.adhoc.execute(maker.jid, 'coffee')).rejects.toMatchObject(nothing)
  })

  test('are for the other clients of the account, if it says so', async () => {
    const account = await target.createUser()
    const [one, other] = await Promise.all([
      openClient(target, { account, plugins: [disco(), adhoc()] }),
      openClient(target, { account, plugins: [disco(), adhoc()] }),
    ])
    one.adhoc.add({ ...tea, allow: 'ownAccount' })
    expect(await one.adhoc.list(one.jid)).toHaveLength(1)
    expect((await other.adhoc.execute(one.jid, 'tea')).stage.status).toBe('executing')
    await expect(other.adhoc.execute(one.jid, 'coffee')).rejects.toMatchObject({ condition: 'item-not-found' })
    expect(await other.disco.supports(one.jid, NS_COMMANDS)).toBe(true)
    expect(await one.disco.supports(other.jid, NS_COMMANDS)).toBe(false)
  })

  test('that are canceled have ended for both', async () => {
    const [maker, drinker] = await Promise.all([open(target), open(target)])
    maker.adhoc.add(tea)
    const execution = await drinker.adhoc.execute(maker.jid, 'tea')
    const controller = new AbortController()
    const going = execution.next({ sort: 'green' }, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(going).rejects.toThrow('enough')
    await execution.cancel()
    expect(execution.stage.status).toBe('canceled')
  })

  if (target.server) {
    test('of the server are found and executed', async () => {
      const client = await open(target)
      expect(await client.disco.supports(target.domain, NS_COMMANDS)).toBe(true)
      const isEjabberd = target.server?.kind === 'ejabberd'
      const node = isEjabberd ? 'ping' : 'urn:xmpp:invite#invite'
      expect((await client.adhoc.list(target.domain)).map((command) => command.node)).toContain(node)
      const { stage } = await client.adhoc.execute(target.domain, node)
      expect(stage.status).toBe('completed')
      if (isEjabberd) expect(stage.notes).toEqual([{ type: 'info', text: 'Pong' }])
      else expect(stage.form?.fields.map((each) => each.var)).toContain('uri')
      const condition = isEjabberd ? 'item-not-found' : 'service-unavailable' // XEP-0050 §4.4 wants the first
      const refused = client.adhoc.execute(target.domain, 'urn:example:nothing')
      await expect(refused).rejects.toMatchObject({ name: 'StanzaError', condition })
    })
  } else {
    test('of the server: it has none, and that is what is said', async () => {
      const client = await open(target)
      expect(await client.disco.supports(target.domain, NS_COMMANDS)).toBe(false)
      const refused = client.adhoc.execute(target.domain, 'ping')
      await expect(refused).rejects.toMatchObject({ name: 'StanzaError', condition: 'service-unavailable' })
    })
  }
})
