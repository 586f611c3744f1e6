import { NS_CARBONS } from '@couplet/carbons'
import { Auth, BindRequest, Challenge, NS_BIND, NS_SASL, Response, Success } from '@couplet/client/elements'
import { NS_PING } from '@couplet/ping'
import { NS_ROSTER } from '@couplet/roster'
import { base64, escapeText, Jid, readElement } from '@couplet/stanza'
import { deriveSecrets, ScramServer } from '../wire/scram-server.js'
import { acceptManagement, type ManagementScript, managementFeature } from './resumption.js'
import type { ScriptedPeer } from './scripted-peer.js'

const mechanism = 'SCRAM-SHA-256'

/** Options of `peer.online()` and `peer.bind()`. */
export interface OnlineOptions {
  /** The resource, whatever the client asks for; default what it asks for, or `r`. */
  readonly resource?: string
  /** Stream features beside resource binding, as XML. */
  readonly features?: string
  /** Stream management (XEP-0198); without it none is offered. */
  readonly management?: ManagementScript
  /** The items of the roster, as XML; default the contact `bob@DOMAIN` with a subscription in both directions. */
  readonly roster?: string
}

/** An honest server's login: header, mechanisms, SCRAM-SHA-256 (RFC 5802), success. */
export async function acceptLogin(peer: ScriptedPeer, { user, password }: { user: string; password: string }) {
  await peer.streamHeader()
  await peer.offer(`<mechanisms xmlns='${NS_SASL}'><mechanism>${mechanism}</mechanism></mechanisms>`)
  const secrets = await deriveSecrets('SHA-256', password)
  const scram = new ScramServer({
    hash: 'SHA-256',
    plus: false,
    plusOffered: false,
    secrets: async (username) => (username === user ? secrets : undefined),
    binding: () => undefined,
  })
  const auth = readElement(Auth, await peer.expectElement(NS_SASL, 'auth'))
  if (!auth.ok || auth.value.mechanism !== mechanism) throw new Error(`the client did not choose ${mechanism}`)
  const challenge = await scram.first(base64.decode(auth.value.initial ?? '') ?? new Uint8Array())
  await peer.send(String(Challenge({ data: base64.encode(challenge) })))
  const response = readElement(Response, await peer.expectElement(NS_SASL, 'response'))
  const proof = (response.ok && base64.decode(response.value.data ?? '')) || new Uint8Array()
  await peer.send(String(Success({ data: base64.encode(await scram.final(proof)) })))
}

/**
 * Header, features, the answer to the request for a resource (RFC 6120 §7), and stream management if it is wanted;
 * returns the full JID.
 */
export async function answerBind(peer: ScriptedPeer, options: OnlineOptions): Promise<string> {
  const { resource, features = '', management } = options
  await peer.streamHeader()
  await peer.offer(`<bind xmlns='${NS_BIND}'/>${management === undefined ? '' : managementFeature()}${features}`)
  const request = await peer.expectRequest(NS_BIND, 'bind')
  const { domain, settings } = peer
  const jid = Jid.of({ local: settings.user, domain, resource: resource ?? request.get(BindRequest)?.resource ?? 'r' })
  await peer.reply(request, `<bind xmlns='${NS_BIND}'><jid>${escapeText(String(jid))}</jid></bind>`)
  if (management !== undefined) await acceptManagement(peer, management)
  return String(jid)
}

/** Setup T3: online, with what a client asks for at the beginning answered; returns the full JID. */
export async function takeOnline(peer: ScriptedPeer, options: OnlineOptions): Promise<string> {
  await peer.secured()
  await peer.login()
  behave(peer, options)
  return answerBind(peer, options)
}

/** From now on what a client asks for at the beginning is answered, and the end of its stream too. */
export function behave(peer: ScriptedPeer, options: OnlineOptions): void {
  const { roster = `<item jid='bob@${peer.domain}' subscription='both'/>` } = options
  peer.polite()
  peer.answer(NS_ROSTER, 'query', ({ type }) => (type === 'get' ? `<query xmlns='${NS_ROSTER}'>${roster}</query>` : ''))
  peer.answer(NS_CARBONS, 'enable')
  peer.answer(NS_PING, 'ping') // whether what was sent before has arrived
}
