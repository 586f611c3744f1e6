import { isIP, type LookupFunction } from 'node:net'
import { ConnectionError } from '@couplet/client'
import { within } from '@couplet/client/core'

/** IPv6 or IPv4. */
export type Family = 4 | 6

/** Asks for the addresses of one family; rejects if there are none. */
export type AddressLookup = (host: string, family: Family, signal: AbortSignal) => Promise<readonly string[]>

/**
 * Addresses by `dns.lookup` or what takes its place, each question asked once. One that does not care for the family, or calls
 * back with a single address, will do.
 *
 * @param limit milliseconds for one answer
 */
export function addressLookup(lookup: LookupFunction, limit: number): AddressLookup {
  const asked = new Map<string, Promise<readonly string[]>>()
  return (host, family, signal) => {
    if (isIP(host) !== 0) return Promise.resolve(isIP(host) === family ? [host] : [])
    const key = `${family} ${host}`
    const answer = asked.get(key) ?? ask(lookup, host, family)
    asked.set(key, answer)
    return within('dns', limit, signal, answer)
  }
}

async function ask(lookup: LookupFunction, host: string, family: Family): Promise<readonly string[]> {
  try {
    return await new Promise((resolve, reject) => {
      lookup(host, { all: true, family }, (error, found) => {
        if (error) return reject(error)
        resolve(Array.isArray(found) ? found.map(({ address }) => address) : [found])
      })
    })
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    const isAbsent = code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EAI_AGAIN'
    if (isAbsent) throw new ConnectionError('dns', 'not-found', 'the host has no address', error)
    throw new ConnectionError('dns', 'unreachable', 'the addresses of the host cannot be found out', error)
  }
}
