/**
 * The core stream of a client: RFC 6120 negotiation over any transport, the session with its sends, requests and
 * handlers, the origin rule, reconnection, and the plugin host.
 *
 * XEP-0198: Stream Management (1.6.3), XEP-0305: XMPP Quickstart (0.3), XEP-0386: Bind 2 (1.1.0), XEP-0388: Extensible
 * SASL Profile (1.0.4), XEP-0440: SASL Channel-Binding Type Capability (1.0.0), XEP-0474: SASL SCRAM Downgrade Protection
 * (0.5.0), XEP-0478: Stream Limits Advertisement (0.2.0), XEP-0484: Fast Authentication Streamlining Tokens (0.2.0)
 *
 * @module
 */

export type { ChannelBinding } from '@couplet/sasl'
export { type AuthenticationCode, AuthenticationError } from './authentication-error.js'
export type { ClientOptions, ClientSettings } from './client-options.js'
export type { Connected } from './connected-session.js'
export { ConnectionError, type ConnectionErrorCode, type ConnectionPhase } from './connection-error.js'
export { type Client, type ClientCore, createClient } from './create-client.js'
export type { ClientEvents, ClientStatus } from './events.js'
export { InboundMessage, type Provenance } from './inbound-message.js'
export type { StanzaWriter } from './line.js'
export type { Disposal, NetworkEvent, NetworkHooks } from './network-watch.js'
export type {
  Announcer,
  AnyPlugin,
  ApiOf,
  Apis,
  Complete,
  InboundRequest,
  InlineBind,
  NameOf,
  NeedsOf,
  Plugin,
  PluginContext,
  PresenceDecoration,
  PresenceDecorator,
  SentFate,
  SentFinder,
  SentMessage,
  SessionHandler,
  SessionStage,
} from './plugin.js'
export { type PluginEvent, pluginEvent } from './plugin-event.js'
export { PluginHost } from './plugin-host.js'
export { openPreLogin, type PreLogin, type PreLoginOptions } from './pre-login.js'
export { randomId } from './random-id.js'
export type {
  CallOptions,
  Handled,
  Origin,
  RequestOptions,
  SendHandle,
  SendState,
  Session,
  StanzaFilter,
} from './session.js'
export { memoryStore, processClaims, type StateChange, type StateRecord, type StateStore } from './state-store.js'
export { StoreError, type StoreErrorCode } from './store-error.js'
export type { SessionCoreOptions, StreamOffer } from './stream-offer.js'
export { Subscription } from './subscription.js'
export type { Connection, ConnectionListener, ConnectOptions, EndpointHints, TlsFacts, Transport } from './transport.js'
export { WholeSession as SessionCore } from './whole-session.js'
