import { childText, element, type Infer, iqGet, marker, optional } from '@couplet/stanza'

/** The namespace of software versions (XEP-0092). */
export const NS_VERSION = 'jabber:iq:version'

/** The question (XEP-0092 §2). */
export const VersionQuery = marker(NS_VERSION, 'query')
/** The value of the definition of the same name. */
export type VersionQuery = Infer<typeof VersionQuery>

/** The answer: which software an entity runs (XEP-0092 §2). */
export const SoftwareVersion = element(NS_VERSION, 'query', {
  name: childText('name'),
  version: childText('version'),
  /** The operating system. */
  os: optional(childText('os')),
})
/** The value of the definition of the same name. */
export type SoftwareVersion = Infer<typeof SoftwareVersion>

/** The question and its answer (XEP-0092 §3). */
export const queryVersion = iqGet(VersionQuery, SoftwareVersion)
