/**
 * What other kinds of sessions, such as components, and transports are built from: the parts of a client. Not for applications, and not
 * covered by semantic versioning.
 *
 * @module
 */

export { type Addressing, answerTo, clientAddressing } from './addressing.js'
export { checkSettings, serviceOf } from './client-options.js'
export { ConnectedSession, withApis } from './connected-session.js'
export { ConnectionLoop } from './connection-loop.js'
export type { AttemptOptions } from './connector.js'
export { within } from './deadline.js'
export type { Visit, WalkOptions } from './endpoint-walk.js'
export type { AddressedRequest } from './iq-service.js'
export type { InlineFeature, Login, Resumption, SessionRequest } from './login.js'
export { attemptLogin } from './login-attempt.js'
export type { LoopOptions } from './loop-options.js'
export { phaseLimits } from './negotiation-states.js'
export { PluginHost } from './plugin-host.js'
export type { SessionCoreOptions, StreamOffer } from './stream-offer.js'
export { WholeSession as SessionCore } from './whole-session.js'
export { type StreamHeader, XmppStream } from './xmpp-stream.js'
