import type { Adhoc, CommandStage } from '@couplet/adhoc'
import type { CallOptions, Session } from '@couplet/client'
import type { DataForm, FormValue } from '@couplet/forms'
import { dateTime, MalformedElementError } from '@couplet/stanza'
import { CREATE_ACCOUNT_COMMAND, INVITE_COMMAND, invitationFields } from './elements.js'
import { conditionOf, InviteError } from './invite-error.js'
import { type InviteLink, IssuedInvitation, parseInvitation } from './invite-link.js'

/** Who makes invitations, and for whom. */
export type InvitingSession = Pick<Session, 'account'> & { readonly adhoc: Adhoc }

/** What is to be answered to a form, if there is one. */
export type WantedFields = Readonly<Record<string, FormValue>>

/**
 * Has the server make an invitation (XEP-0401 §5).
 *
 * @throws InviteError `not-allowed` if it makes none, or none for us
 * @throws MalformedElementError if what it makes is none
 * @throws RangeError if it does not ask for one of the fields
 */
export async function serverInvitation(
  { adhoc, account }: InvitingSession,
  kind: InviteLink['kind'],
  fields: WantedFields,
  { name, signal }: CallOptions & { readonly name?: string | undefined },
): Promise<IssuedInvitation> {
  const command = kind === 'contact' ? INVITE_COMMAND : CREATE_ACCOUNT_COMMAND
  const stage = await run(adhoc, account.domain, command, fields, signal)
  const made = invitationIn(stage.form, kind)
  const { jid, token, registers } = made.invitation
  return new IssuedInvitation({ kind, jid, token, registers, name }, { issuer: 'server', ...made })
}

async function run(
  adhoc: Adhoc,
  server: string,
  command: string,
  fields: WantedFields,
  signal: AbortSignal | undefined,
): Promise<CommandStage> {
  try {
    const execution = await adhoc.execute(server, command, { signal })
    let { stage } = execution
    try {
      if (stage.status === 'executing') stage = await execution.complete(fields, { signal })
    } finally {
      // Also if it asks for more: nobody here could answer.
      if (execution.stage.status === 'executing') void execution.cancel().catch(() => {})
    }
    // Some refuse like this (XEP-0050 §3.6).
    const isRefused = stage.notes.some(({ type }) => type === 'error') && stage.form === undefined
    if (isRefused || stage.status !== 'completed') throw new InviteError('not-allowed')
    return stage
  } catch (error) {
    if (refusals.has(conditionOf(error))) throw new InviteError('not-allowed', error)
    throw error
  }
}

const refusals: ReadonlySet<string | undefined> = new Set([
  'feature-not-implemented',
  'forbidden',
  'item-not-found',
  'not-allowed',
  'not-authorized',
  'service-unavailable',
])

/** Not by its FORM_TYPE: not every server says it. */
function invitationIn(
  form: DataForm | undefined,
  kind: InviteLink['kind'],
): Pick<IssuedInvitation, 'expires' | 'landingUrl'> & { readonly invitation: InviteLink } {
  const textOf = (names: readonly string[]): string =>
    form?.fields.find(({ var: name = '' }) => names.includes(name))?.values[0] ?? ''
  const invitation = parseInvitation(textOf(invitationFields.uri))
  if (invitation?.kind !== kind || invitation.token === undefined) {
    throw new MalformedElementError('command/x/field[uri]', `is no invitation of the kind "${kind}"`)
  }
  const page = textOf(invitationFields.landingUrl)
  const landingUrl = URL.canParse(page) ? new URL(page) : undefined
  return {
    invitation,
    expires: dateTime.decode(textOf(invitationFields.expires)),
    landingUrl: landingUrl?.protocol === 'https:' ? landingUrl : undefined,
  }
}
