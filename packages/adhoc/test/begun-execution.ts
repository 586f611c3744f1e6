import type { DataForm } from '@couplet/forms'
import { StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { vi } from 'vitest'
import { adhoc } from '../src/adhoc.js'
import { CommandCondition, CommandRequest, NS_COMMANDS } from '../src/elements.js'

/** Who offers commands. */
export const bot = 'bot@example.org/x'

/** The form of the first stage. */
export const form: DataForm = {
  type: 'form',
  instructions: [],
  fields: [
    { var: 'FORM_TYPE', type: 'hidden', values: ['urn:example:service'], options: [] },
    { var: 'service', type: 'text-single', required: true, values: [], options: [] },
    { var: 'state', type: 'text-single', values: ['off'], options: [] },
  ],
  items: [],
}
/** The same as it is sent. */
export const formXml = `<x xmlns='jabber:x:data' type='form'>
  <field var='FORM_TYPE' type='hidden'><value>urn:example:service</value></field>
  <field var='service' type='text-single'><required/></field>
  <field var='state' type='text-single'><value>off</value></field></x>`
/** A stage that can only go on. */
export const next = '<actions execute="next"><next/></actions>'

/** The plugin in a session, with what is asked and answered. */
export const install = () => {
  const session = fakeSession()
  const items = vi.fn()
  const api = session.install(adhoc(), { disco: { items, serveNodes: () => session.subscription(() => {}) } })
  const last = () => session.requests.at(-1)
  /** Answers the last request. */
  const reply = (content: string, attributes = "sessionid='s1' status='executing'") =>
    session.receive(`<iq type='result' id='${last()?.id}' from='${bot}'>
      <command xmlns='${NS_COMMANDS}' node='config' ${attributes}>${content}</command></iq>`)
  const asked = () => session.requests.map(({ payload }) => CommandRequest.parse(payload!) as CommandRequest)
  return { session, api, items, reply, asked, last }
}

/** An execution whose first stage is this. */
export const begin = async (content = `${next}${formXml}`, attributes?: string) => {
  const all = install()
  const begun = all.api.execute(bot, 'config', { lang: 'de' })
  await all.session.settled()
  all.reply(content, attributes)
  return { ...all, execution: await begun }
}

/** A refusal for a reason of the XEP. */
export const refusal = (condition: CommandCondition) =>
  new StanzaError({ condition: 'bad-request', text: 'No.', application: CommandCondition(condition) })
