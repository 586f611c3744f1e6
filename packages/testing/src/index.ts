/**
 * For tests: XML vectors, a fake session, a scripted server and an in-process loopback server.
 *
 * @module
 */

export { FakeSession, type FakeSessionOptions, fakeSession, type NeedsInTest } from './fake-session.js'
export { type Clock, realClock } from './fault/clock.js'
export type { FaultBytes, FaultConnection } from './fault/fault-connection.js'
export type { CutKind, CutOptions, FaultControls, FaultDirection } from './fault/fault-controls.js'
export type { FaultNetwork, FaultOptions } from './fault/fault-network.js'
export { type FaultProxy, type FaultProxyOptions, startFaultProxy } from './fault/fault-proxy.js'
export { type FaultTransport, faultTransport } from './fault/fault-transport.js'
export { type SeededRandom, seededRandom } from './fault/seeded-random.js'
export { type VirtualTime, type VirtualTimeOptions, virtualTime } from './fault/virtual-time.js'
export { LoopbackAccount, LoopbackSession, type StanzaSink } from './loopback/account.js'
export type { FastOptions } from './loopback/fast-tokens.js'
export type {
  LoopbackHost,
  LoopbackModule,
  LoopbackRequest,
  MessageHooks,
  PresenceHooks,
  RequestTarget,
} from './loopback/loopback-module.js'
export type { ListenOptions, LoopbackOptions, LoopbackServices } from './loopback/loopback-options.js'
export { LoopbackServer, startLoopback } from './loopback/loopback-server.js'
export { LoopbackStream } from './loopback/loopback-stream.js'
export type { ManagementOptions } from './loopback/stream-management.js'
export { parseXml } from './parse-xml.js'
export { PeerClosedError } from './scripted/peer-closed-error.js'
export type { OnlineOptions } from './scripted/prelude.js'
export type { ManagementScript, ResumedOptions } from './scripted/resumption.js'
export type { Sasl2LoginOptions, Sasl2Played } from './scripted/sasl2-prelude.js'
export { ScriptedPeer, type SendOptions } from './scripted/scripted-peer.js'
export {
  type Script,
  type ScriptedServer,
  type ScriptedServerOptions,
  scriptedServer,
} from './scripted/scripted-server.js'
export type { Answer, Responder } from './scripted-answers.js'
export { type StateStoreCase, type StateStoreSubject, stateStoreContract } from './state-store-contract.js'
export { type CertificateOptions, type TestAuthority, type TestCertificate, testAuthority } from './test-authority.js'
export { parseVectorValue } from './vector-value.js'
export { type VectorCase, type VectorDefinition, vectors } from './vectors.js'
export type { Channel, ChannelKind, ChannelListener } from './wire/channel.js'
export type { MemoryTransportOptions } from './wire/memory-channel.js'
export { SaslFailure } from './wire/scram-server.js'
