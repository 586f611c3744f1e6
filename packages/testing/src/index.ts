/**
 * For tests: XML vectors, a fake session, a scripted server and an in-process loopback server.
 *
 * @module
 */

export { parseXml } from './parse-xml.js'
export { parseVectorValue } from './vector-value.js'
export { type VectorCase, type VectorDefinition, vectors } from './vectors.js'
