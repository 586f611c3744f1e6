import {
  type Iq,
  IqElement,
  type IqProcedure,
  iq,
  type Jid,
  readElement,
  StanzaError,
  type XmlElement,
} from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import type { LoopbackCore } from './loopback-core.js'
import type { LoopbackRequest, RequestTarget } from './loopback-module.js'

/** Handlers by target, type and payload. */
export type IqHandlers = Map<
  string,
  {
    readonly pair: IqProcedure<unknown, unknown>
    readonly handler: (value: unknown, request: LoopbackRequest) => unknown
  }
>

/** Delivers an IQ to a session, or answers it for the server or an account (RFC 6120 §10.3.3, §10.5). */
export function routeIq(core: LoopbackCore, stanza: XmlElement, to: Jid | undefined, sender?: LoopbackSession): void {
  const read = readElement(IqElement, stanza)
  if (!read.ok) {
    core.bounce(stanza, 'bad-request')
    return
  }
  if (to?.isFull() && to.local !== undefined) {
    const session = core.session(to)
    if (session !== undefined) {
      session.deliver(stanza)
      return
    }
    core.bounce(stanza, 'service-unavailable')
    return
  }
  const request = read.value
  // Answers to the server go nowhere, and requests of other entities than sessions are not for accounts.
  if (request.type !== 'get' && request.type !== 'set') return
  if (sender === undefined) {
    core.bounce(stanza, 'service-unavailable')
    return
  }
  const account = to?.local === undefined ? sender.account : core.account(to)
  if (account === undefined) {
    // RFC 6121 §8.5.1: the same answer as for somebody who does not tell.
    core.bounce(stanza, 'service-unavailable')
    return
  }
  answer(core, request, targetOf(to, account, sender), { session: sender, account, stanza: request })
}

function targetOf(to: Jid | undefined, account: LoopbackAccount, sender: LoopbackSession): RequestTarget {
  if (to !== undefined && to.local === undefined) return 'server'
  return account === sender.account ? 'account' : 'contact'
}

function answer(core: LoopbackCore, request: Iq, target: RequestTarget, context: LoopbackRequest): void {
  const { payload, type, id } = request
  const reply = (content: XmlElement | StanzaError | undefined): void => {
    const attributes = { type: content instanceof StanzaError ? 'error' : 'result', id } as const
    context.session.deliver(iq({ ...attributes, from: request.to, to: context.session.jid }, content).element)
  }
  const entry = payload && core.iqHandlers.get(`${target} ${type} ${payload.name} ${payload.ns}`)
  if (entry === undefined) {
    reply(new StanzaError({ condition: 'service-unavailable' }))
    return
  }
  const read = readElement(entry.pair.request, payload as XmlElement)
  if (!read.ok) {
    reply(new StanzaError({ condition: 'bad-request' }))
    return
  }
  const refuse = (error: unknown): void =>
    reply(error instanceof StanzaError ? error : new StanzaError({ condition: 'internal-server-error' }))
  const { response, mayBeEmpty } = entry.pair
  const accept = (value: unknown): void => reply(mayBeEmpty && value === undefined ? undefined : response?.build(value))
  try {
    const result = entry.handler(read.value, context)
    // At once if possible, so that answers keep the order of the requests (RFC 6120 §10.1).
    if (result instanceof Promise) result.then(accept).catch(refuse)
    else accept(result)
  } catch (error) {
    refuse(error)
  }
}
