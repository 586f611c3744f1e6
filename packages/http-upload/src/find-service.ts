import type { CallOptions } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import { findForm } from '@couplet/forms'
import { Jid } from '@couplet/stanza'
import { NS_HTTP_UPLOAD, NS_UPLOAD_PURPOSE, UploadLimits } from './elements.js'
import { UploadError } from './upload-error.js'

/** A service that takes files. */
export interface UploadService {
  /** Its address. */
  readonly jid: Jid
  /** The largest file that it takes, in bytes; `undefined` if it does not say. */
  readonly maxFileSize: number | undefined
  /** The purposes that it tells apart: `message`, `profile`, `ephemeral`, `permanent` (XEP-0363 §5). */
  readonly purposes: ReadonlySet<string>
}

/** Of a longer list, which would be one of something else than services, this much is looked at. */
const manyItems = 100

/**
 * Finds the service: the server itself, or the first of what belongs to it that says it takes files (XEP-0363 §3). One that
 * is silent does not keep us from another one.
 *
 * @throws UploadError `no-service`
 */
export async function findService(disco: Disco, domain: string, options: CallOptions): Promise<UploadService> {
  const own = askService(disco, Jid.parse(domain), options)
  own.catch(() => {}) // it is awaited after the list
  const list = await ifAnswered(disco.items(domain, options), options)
  const services = (list?.items ?? []).filter(({ jid, node }) => node === undefined && jid.local === undefined)
  const asked = services.slice(0, manyItems).map(({ jid }) => askService(disco, jid, options))
  const none = new UploadError('no-service', 'the server has no service that takes files')
  try {
    return await Promise.any([own, ...asked].map(async (answer) => (await answer) ?? Promise.reject(none)))
  } catch (error) {
    throw (error as AggregateError).errors.find((each) => each !== none) ?? none
  }
}

/** What a service takes; `undefined` if it is none for files, or does not answer properly. */
export async function askService(disco: Disco, jid: Jid, options: CallOptions): Promise<UploadService | undefined> {
  const info = await ifAnswered(disco.info(jid, options), options)
  if (!info?.features.includes(NS_HTTP_UPLOAD)) return undefined
  const prefix = `${NS_UPLOAD_PURPOSE}#`
  const purposes = info.features.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  return { jid, maxFileSize: findForm(info.forms, UploadLimits)?.maxFileSize, purposes: new Set(purposes) }
}

/** One service that is broken or out of order does not keep us from finding another one. */
const passedOver: ReadonlySet<string> = new Set(['StanzaError', 'MalformedElementError', 'TimeoutError'])

async function ifAnswered<T>(answer: Promise<T>, { signal }: CallOptions): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    signal?.throwIfAborted() // its reason may be a TimeoutError, too
    if (error instanceof Error && passedOver.has(error.name)) return undefined
    throw error
  }
}
