/**
 * For tests: XML vectors, a fake session, a scripted server and an in-process loopback server.
 *
 * @module
 */

export { FakeSession, type FakeSessionOptions, fakeSession, type NeedsInTest } from './fake-session.js'
export { parseXml } from './parse-xml.js'
export type { Answer, Responder } from './scripted-answers.js'
export { type CertificateOptions, type TestAuthority, type TestCertificate, testAuthority } from './test-authority.js'
export { parseVectorValue } from './vector-value.js'
export { type VectorCase, type VectorDefinition, vectors } from './vectors.js'
