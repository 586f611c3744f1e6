import { type FullJid, Iq, iq, type Jid, MalformedElementError, readElement, type XmlElement } from '@couplet/stanza'
import { BindRequest, BindResult, Enable, Enabled, NS_BIND, NS_SM, Resume, Resumed, SmFeature } from './elements.js'
import type { Login, Resumption } from './login.js'
import type { LoginOptions, Negotiation } from './negotiation.js'
import { randomId } from './random-id.js'
import { readFailed, readResumed } from './resumption-answers.js'
import { readRequired, required } from './server-offer.js'

/** What of a login is decided here. */
export type Bound = Pick<Login, 'jid' | 'resumed' | 'resumptionFailed' | 'management' | 'early'>

/**
 * Resumes the session, if there is one and the server can, or binds a resource and switches stream management on, in the
 * stream as it is after authentication (RFC 6120 §7, XEP-0198 §3, §5).
 *
 * @param resumption what to resume; `undefined` also if that was tried already
 * @throws ConnectionError, StanzaError, MalformedElementError
 */
export async function resumeOrBind(
  negotiation: Negotiation,
  features: XmlElement,
  options: LoginOptions,
  resumption: Resumption | undefined,
): Promise<Bound> {
  const manages = required(features.read(SmFeature)) ?? false
  let resumptionFailed: Login['resumptionFailed']
  if (manages && resumption !== undefined) {
    negotiation.send(Resume({ h: resumption.handled(), previd: resumption.previd }))
    const answer = await negotiation.expect('resume')
    if (Resumed.matches(answer)) {
      return { jid: resumption.jid, resumed: readResumed(negotiation, answer, resumption), early: [] }
    }
    resumptionFailed = readFailed(answer)
  }
  return { ...(await bind(negotiation, features, options, manages)), resumptionFailed }
}

async function bind(
  negotiation: Negotiation,
  features: XmlElement,
  options: LoginOptions,
  manages: boolean,
): Promise<Bound> {
  if (features.child('bind', NS_BIND) === undefined) {
    negotiation.refuse('bind', 'unexpected-element', 'the server offers no resource binding')
  }
  const id = randomId()
  negotiation.send(iq({ type: 'set', id }, BindRequest({ resource: options.resource })).element)
  // Right behind, which saves a round trip.
  if (manages) negotiation.send(Enable({ resume: true }))
  let tooEarly = false
  for (;;) {
    const element = await negotiation.expect('bind')
    if (element.ns === NS_SM) {
      if (!manages || tooEarly)
        negotiation.refuse('bind', 'unexpected-element', 'the server refuses what was not asked')
      tooEarly = true
      continue
    }
    const reply = new Iq(element)
    // Some servers push IQs before they answer; there is no session yet that could take them.
    if (reply.id !== id || (reply.type !== 'result' && reply.type !== 'error')) continue
    if (reply.error !== undefined) throw reply.error
    const jid = checkBound(negotiation, reply, options)
    if (!manages) return { jid, early: [] }
    if (tooEarly) negotiation.send(Enable({ resume: true }))
    return { jid, ...(await enabled(negotiation)) }
  }
}

/** The server may change the resource, never the account; an anonymous login gets its account here. */
function checkBound(negotiation: Negotiation, reply: Iq, { account, credentials }: LoginOptions): FullJid {
  const { payload } = reply
  if (payload === undefined || !BindResult.matches(payload)) throw new MalformedElementError('iq/bind', 'is missing')
  const result = readElement(BindResult, payload)
  if (!result.ok) throw result.error
  const { jid } = result.value
  const isOurs = credentials.anonymous ? jid.domain === account.domain : jid.bare.equals(account)
  const from: Jid | undefined = reply.from
  const isFromOurs = reply.element.attr('from') === undefined || from?.domain === account.domain
  if (!jid.isFull() || !isOurs || !isFromOurs) {
    negotiation.refuse('bind', 'unexpected-element', 'bound to another account')
  }
  return jid as FullJid
}

/** Waits for the answer to `<enable/>`. A refusal is no obstacle: there is a session, just without acknowledgements. */
async function enabled(negotiation: Negotiation): Promise<Pick<Bound, 'management' | 'early'>> {
  const early: XmlElement[] = []
  for (;;) {
    const element = await negotiation.expect('enable')
    if (element.ns !== NS_SM) early.push(element)
    else return { management: Enabled.matches(element) ? readRequired(Enabled, element) : undefined, early }
  }
}
