import {
  type Iq,
  type IqProcedure,
  iq,
  type Jid,
  Malformed,
  NS_CLIENT,
  StanzaError,
  serialize,
  type XmlElement,
} from '@couplet/stanza'
import { parseXml } from './parse-xml.js'

/** The answer to a request: its value, or the error. */
export type Answer<R> = R | StanzaError

/** An answer, or what makes one from the request. */
export type Responder<Q, R> = Answer<R> | ((request: Q, stanza: Iq) => Answer<R> | Promise<Answer<R>>)

interface Script {
  readonly pair: IqProcedure<unknown, unknown>
  readonly responder: Responder<unknown, unknown>
  readonly from: Jid | undefined
}

/** The answers a test has prepared; a later one for the same pair replaces the earlier one. */
export class ScriptedAnswers {
  #scripts: Script[] = []

  /** Prepares the answers to all requests of a pair; `from` answers as somebody else. */
  add<Q, R>(pair: IqProcedure<Q, R>, responder: Responder<Q, R>, from?: Jid): void {
    const script = { pair, responder, from } as unknown as Script
    this.#scripts = [script, ...this.#scripts]
  }

  /** The reply to a request as an element from the wire; `undefined` if nothing is prepared for it. */
  replyTo(request: Iq): Promise<XmlElement> | undefined {
    const { payload } = request
    if (payload === undefined) return undefined
    const script = this.#scripts.find(({ pair }) => pair.type === request.type && pair.request.matches(payload))
    return script && reply(script, request, payload)
  }
}

async function reply({ pair, responder, from }: Script, request: Iq, payload: XmlElement): Promise<XmlElement> {
  const value = pair.request.parse(payload)
  if (value instanceof Malformed) throw new TypeError(`the request is malformed at ${value.path}: ${value.problem}`)
  const answer = typeof responder === 'function' ? await responder(value, request) : responder
  const addresses = { id: request.id, from: from ?? request.to, to: undefined }
  if (answer instanceof StanzaError) return fromWire(iq({ ...addresses, type: 'error' }, answer))
  return fromWire(iq({ ...addresses, type: 'result' }, resultOf(pair, answer)))
}

function resultOf({ response, mayBeEmpty }: Script['pair'], answer: unknown): XmlElement | undefined {
  return mayBeEmpty && answer === undefined ? undefined : response?.build(answer)
}

/** What our own code builds must be readable, so a reply takes the way of a real one. */
function fromWire(stanza: Iq): XmlElement {
  return parseXml(serialize(stanza.element, NS_CLIENT))
}
