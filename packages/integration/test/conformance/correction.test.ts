import { correct, onCorrection } from '@couplet/correction'
import { message } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { messagesOf } from './message-list.js'
import { openClient } from './open-client.js'
import { targets } from './targets.js'

describe.each(await targets())('corrections through $title', (target) => {
  test('what its sender corrects counts, and what somebody else does is a message like any other', async () => {
    const [romeo, mallory, juliet] = await Promise.all([openClient(target), openClient(target), openClient(target)])
    const inbox = messagesOf(juliet)
    const edits: string[] = []
    const find = (id: string) => inbox.received.find((each) => each.id === id)
    onCorrection(juliet, { find }, (now, then) => void edits.push(`${then.body} → ${now.body}`))
    const sent = message({ id: 'bad1', to: juliet.account, type: 'chat', body: 'yonder airlock' })
    romeo.send(sent)
    await inbox.until(1)
    mallory.send(correct(sent, 'yonder shipwreck'))
    await inbox.until(2)
    romeo.send(correct(sent, 'yonder windw'))
    romeo.send(correct(correct(sent, 'yonder windw'), 'yonder window'))
    expect(await inbox.until(4)).toMatchObject([{ body: 'yonder airlock' }, { body: 'yonder shipwreck' }, {}, {}])
    romeo.send(message({ to: juliet.account, type: 'chat', body: 'the end' })) // handlers of the last one are done
    await inbox.until(5)
    expect(edits).toEqual(['yonder airlock → yonder windw', 'yonder airlock → yonder window'])
  })
})
