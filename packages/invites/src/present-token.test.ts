import { inspect } from 'node:util'
import { type IqProcedure, NS_STREAM, StanzaError, type StanzaErrorCondition, xml } from '@couplet/stanza'
import { expect, test } from 'vitest'
import { PreauthFeature, submitPreauth } from './elements.js'
import { presentToken } from './present-token.js'

const streamOf = (offered = true, refusal?: StanzaErrorCondition) => {
  const shown: unknown[] = []
  const features = xml(NS_STREAM, 'features', {}, ...(offered ? [PreauthFeature()] : []))
  const request = async <Q, R>(pair: IqProcedure<Q, R>, value: Q): Promise<R> => {
    expect(pair).toBe(submitPreauth)
    shown.push(value)
    if (refusal !== undefined) throw new StanzaError({ condition: refusal })
    return undefined as R
  }
  return { shown, stream: { features, request } }
}

test('a token is shown to servers that say that they want to see it, and to no other', async () => {
  const { stream, shown } = streamOf()
  await presentToken(stream, 'TOKEN')
  expect(shown).toEqual([{ token: 'TOKEN' }])
  const other = streamOf(false)
  await expect(presentToken(other.stream, 'TOKEN')).rejects.toMatchObject({ name: 'InviteError', code: 'not-offered' })
  expect(other.shown).toEqual([])
})

test.each([
  ['item-not-found', { name: 'InviteError', code: 'token-refused', retry: 'no' }],
  ['forbidden', { name: 'InviteError', code: 'token-refused' }],
  ['resource-constraint', { name: 'StanzaError', condition: 'resource-constraint' }],
] as const)('the server says %s', async (condition, expected) => {
  const error = await presentToken(streamOf(true, condition).stream, 'TOKEN').catch((reason: unknown) => reason)
  expect(error).toMatchObject(expected)
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('TOKEN')
})
