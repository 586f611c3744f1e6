/**
 * SASL mechanisms as pure state machines: SCRAM, HT, OAUTHBEARER, EXTERNAL, PLAIN, ANONYMOUS.
 * XEP-0440: SASL Channel-Binding Type Capability (1.0.0), XEP-0474: SASL SCRAM Downgrade Protection (0.5.0).
 *
 * @module
 */

export { type ChooseOptions, chooseMechanism, type MechanismPolicy, passwordMechanisms } from './choose-mechanism.js'
export type { Credentials, Secret } from './credentials.js'
export type { ScramHash } from './crypto-backend.js'
export { equalBytes } from './encoding.js'
export { chooseTokenMechanism } from './hashed-token.js'
export type { ChannelBinding, ChannelBindingType, SaslMechanism } from './mechanism.js'
export { SaslError, type SaslErrorCode } from './sasl-error.js'
export { type ScramKeys, scramDigest, scramHmac, scramKeys } from './scram-keys.js'
