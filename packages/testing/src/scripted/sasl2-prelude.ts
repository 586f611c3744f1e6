import {
  Authenticate,
  Bind2Request,
  Challenge2,
  Enable,
  FastUse,
  NS_BIND2,
  NS_FAST,
  NS_SASL2,
  NS_SM,
  Response2,
  Resume,
} from '@couplet/client/elements'
import { base64, escapeAttribute, escapeText, Jid, readElement, type XmlElement } from '@couplet/stanza'
import { deriveSecrets, SaslFailure, ScramServer } from '../wire/scram-server.js'
import { checkTokenProof, readTokenProof, tokenMechanisms } from '../wire/token-server.js'
import { behave, type OnlineOptions } from './prelude.js'
import { acknowledge, enabledBy } from './resumption.js'
import type { ScriptedPeer } from './scripted-peer.js'

/** Options of `peer.sasl2Login()`; what is not given is as an honest server does it. */
export interface Sasl2LoginOptions extends OnlineOptions {
  /** What is offered; default SCRAM-SHA-256. The script can answer SCRAM without channel binding, and tokens. */
  readonly mechanisms?: readonly string[]
  /** What can be done inline, as XML; default Bind 2 with carbons, CSI and, as far as it is played, SM; and tokens. */
  readonly inline?: string
  /** Other features beside `<authentication/>`, as XML. */
  readonly offer?: string
  /** The token that opens the door (XEP-0484). */
  readonly token?: string
  /** How many stanzas of the client were handled, if the session it asks for is to be resumed. */
  readonly resumed?: number
  /** The last word of the mechanism, in base64; `false` leaves it out. */
  readonly additionalData?: string | false
  /** The address in `<success/>`. */
  readonly authorizationIdentifier?: string
  /** What `<success/>` says about what was done inline, as XML. */
  readonly results?: string | ((request: XmlElement) => string)
  /** Whether features follow: default unless a session was resumed. */
  readonly featuresFollow?: boolean
}

/** What a client did in `peer.sasl2Login()`. */
export interface Sasl2Played {
  /** Its `<authenticate/>`. */
  readonly request: XmlElement
  /** Who it is now: a full JID if a resource was bound. */
  readonly jid: string
}

/** An honest server's login by SASL2: TLS if need be, header, features, exchange, success, features. */
export async function acceptSasl2(peer: ScriptedPeer, options: Sasl2LoginOptions): Promise<Sasl2Played> {
  await peer.secured()
  await peer.streamHeader()
  await peer.offer(offerOf(options))
  const request = await peer.expectElement(NS_SASL2, 'authenticate')
  const data = await exchange(peer, request, options)
  const isResumed = options.resumed !== undefined && request.get(Resume) !== undefined
  const jid = options.authorizationIdentifier ?? addressOf(peer, request, options, isResumed)
  const { results = honestResults(request, options), additionalData = base64.encode(data) } = options
  const proof = additionalData === false ? '' : `<additional-data>${escapeText(additionalData)}</additional-data>`
  const content = typeof results === 'string' ? results : results(request)
  peer.countFrom(request, isResumed ? options.resumed : 0)
  behave(peer, options)
  await peer.send(
    `<success xmlns='${NS_SASL2}'>${proof}<authorization-identifier>${escapeText(jid)}</authorization-identifier>${content}</success>`,
  )
  if (options.management?.autoAck ?? true) acknowledge(peer)
  if (options.featuresFollow ?? !isResumed) await peer.offer(options.features)
  return { request, jid }
}

function offerOf({ mechanisms = ['SCRAM-SHA-256'], inline, offer = '', management }: Sasl2LoginOptions): string {
  const sm = management === undefined ? '' : `<feature var='${NS_SM}'/>`
  const names = [...tokenMechanisms.keys()].filter((name) => name.endsWith('NONE'))
  const all =
    `<bind xmlns='${NS_BIND2}'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:csi:0'/>${sm}</inline></bind>` +
    `${management === undefined ? '' : `<sm xmlns='${NS_SM}'/>`}<fast xmlns='${NS_FAST}'>${list(names)}</fast>`
  return `<authentication xmlns='${NS_SASL2}'>${list(mechanisms)}<inline>${inline ?? all}</inline></authentication>${offer}`
}

const list = (names: readonly string[]): string => names.map((name) => `<mechanism>${name}</mechanism>`).join('')

/** Checks the password or the token; returns what proves the server's side. @throws SaslFailure */
async function exchange(peer: ScriptedPeer, request: XmlElement, { token }: Sasl2LoginOptions): Promise<Uint8Array> {
  const read = readElement(Authenticate, request)
  if (!read.ok) throw read.error
  const { initial = new Uint8Array(), mechanism } = read.value
  if (request.get(FastUse) !== undefined) {
    const { username, proof } = readTokenProof(initial)
    const isUser = username === peer.settings.user && token !== undefined
    const data = isUser ? await checkTokenProof(token, proof, boundBy(peer, mechanism)) : undefined
    if (data === undefined) throw new SaslFailure('not-authorized')
    return data
  }
  const { user, password } = peer.settings
  const secrets = await deriveSecrets('SHA-256', password)
  const scram = new ScramServer({
    hash: 'SHA-256',
    plus: false,
    plusOffered: false,
    secrets: async (username) => (username === user ? secrets : undefined),
    binding: () => undefined,
  })
  await peer.send(String(Challenge2({ data: await scram.first(initial) })))
  const response = readElement(Response2, await peer.expectElement(NS_SASL2, 'response'))
  if (!response.ok) throw response.error
  return scram.final(response.value.data)
}

function boundBy(peer: ScriptedPeer, mechanism: string): Uint8Array {
  const type = tokenMechanisms.get(mechanism)
  return (type === undefined ? undefined : peer.binding(type)) ?? new Uint8Array()
}

function addressOf(peer: ScriptedPeer, request: XmlElement, options: OnlineOptions, isResumed: boolean): string {
  const bind = request.get(Bind2Request)
  const tag = bind?.tag === undefined ? 'r' : `${bind.tag}.1`
  const { domain, settings } = peer
  const resource = bind === undefined && !isResumed ? undefined : (options.resource ?? tag)
  return String(Jid.of({ local: settings.user, domain, ...(resource === undefined ? {} : { resource }) }))
}

/** What a server says that can resume if `resumed` is given, bind, and manage streams if `management` is. */
function honestResults(request: XmlElement, { resumed, management }: Sasl2LoginOptions): string {
  const resume = request.get(Resume)
  if (resume !== undefined && resumed !== undefined) {
    return `<resumed xmlns='${NS_SM}' h='${resumed}' previd='${escapeAttribute(resume.previd)}'/>`
  }
  const failed = `<failed xmlns='${NS_SM}'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`
  const bind = request.child('bind', NS_BIND2)
  const enabled = management !== undefined && bind?.get(Enable) !== undefined ? enabledBy(management) : ''
  const bound = bind === undefined ? '' : `<bound xmlns='${NS_BIND2}'>${enabled}</bound>`
  return `${resume === undefined ? '' : failed}${bound}`
}
