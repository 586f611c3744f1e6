/**
 * XEP-0092: Software Version (1.1).
 *
 * @module
 */

export { NS_VERSION, queryVersion, SoftwareVersion, VersionQuery } from './elements.js'
export { getVersion } from './get-version.js'
export { type Version, type VersionOptions, type VersionRosterOptions, version } from './version.js'
