import { disco } from '@couplet/disco'
import { DataForm } from '@couplet/forms'
import { StanzaError } from '@couplet/stanza'
import { fakeSession } from '@couplet/testing'
import { adhoc } from '../src/adhoc.js'
import { askForm } from '../src/ask-form.js'
import type { CommandLimits } from '../src/command-sessions.js'
import { CommandCondition, type CommandRequest, executeCommand } from '../src/elements.js'
import type { CommandHandler, CommandStep } from '../src/served-command.js'

/** Who asks. */
export const me = 'me@example.org/other'
/** The form of the first stage. */
export const questions = askForm({
  title: 'Reminder',
  instructions: 'Fill in',
  formType: 'urn:example:reminder',
  fields: {
    text: { label: 'What?', required: true },
    minutes: { label: 'When?', value: 10, desc: 'in minutes' },
    how: { options: { chat: 'By chat', mail: 'By mail' }, value: 'chat' },
    tags: { type: 'list-multi', options: ['a', 'b'], value: ['a'] },
    often: { type: 'boolean', value: true },
    heading: { type: 'fixed', value: 'End' },
  },
})

/** A command in a session, and who asks for it. */
export const install = (run: CommandHandler, limits?: CommandLimits) => {
  const session = fakeSession()
  const api = session.install(adhoc(limits), { disco: session.install(disco()) })
  const added = api.add({ node: 'remind', name: 'Remind', allow: 'anyone', run })
  const ask = (request: Partial<CommandRequest>, from = me) =>
    session.ask(executeCommand, { node: 'remind', payload: [], ...request }, from)
  const refused = async (request: Partial<CommandRequest>, from = me) => {
    const error = await ask(request, from).catch((reason: unknown) => reason)
    if (!(error instanceof StanzaError)) throw new Error('it was not refused')
    return error.element.get(CommandCondition) ?? error.condition
  }
  const submit = (fields: Readonly<Record<string, readonly string[]>>, type: 'submit' | 'cancel' = 'submit') =>
    DataForm({
      type,
      instructions: [],
      fields: Object.entries(fields).map(([name, values]) => ({ var: name, values, options: [] })),
      items: [],
    })
  return { session, api, added, ask, refused, submit }
}

/** Two stages, and what was called with which texts. */
export const wizard = (limits?: CommandLimits) => {
  const calls: string[] = []
  const first = (): CommandStep => ({
    form: questions,
    next: (input) => {
      calls.push(`next ${input.value('text')}`)
      return {
        prev: () => {
          calls.push('prev')
          return first()
        },
        complete: () => {
          calls.push('complete')
          return { notes: ['Set.'] }
        },
      }
    },
  })
  return { ...install(first, limits), calls }
}
