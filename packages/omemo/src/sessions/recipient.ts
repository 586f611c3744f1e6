import type { CallOptions } from '@couplet/client'
import { base64 } from '@couplet/stanza'
import type { CryptoBackend } from '../crypto/backend.js'
import { equalBytes } from '../crypto/bytes.js'
import type { CheckedBundle } from '../crypto/x3dh.js'
import type { BundleFetcher } from '../devices/bundle-fetcher.js'
import type { Contact } from '../devices/contact-record.js'
import type { OwnAccount } from '../devices/own-account.js'
import { OmemoError } from '../omemo-error.js'
import type { EmitOmemoEvent } from '../omemo-event.js'
import type { OmemoStore } from '../store/omemo-store.js'
import type { Version } from '../wire/version.js'
import { currentOf, noSessions, type SessionRecord, sessionKey, sessionKind } from './session-record.js'

/** A device that a message may be encrypted for, with all that is needed from outside. */
export interface Recipient {
  readonly jid: string
  readonly deviceId: number
  readonly version: Version
  /** The identity key in the X25519 form. */
  readonly identityKey: Uint8Array
  /** The same as omemo:2 has it on the wire, if that is the version. */
  readonly ed25519: Uint8Array | undefined
  /** For a session that is still to be made. */
  readonly bundle: CheckedBundle | undefined
}

/** A device that cannot be written to. */
export interface DeviceProblem {
  /** The bare JID of its account. */
  readonly jid: string
  /** Its id; absent if not even the devices of the account are known. */
  readonly deviceId: number | undefined
  /** Why: mostly an `OmemoError`, or what the server has answered. */
  readonly error: unknown
}

/** What looking for a device works with. */
export interface RecipientParts {
  readonly store: OmemoStore
  readonly own: OwnAccount
  readonly backend: CryptoBackend
  readonly bundles: BundleFetcher
  readonly versions: readonly Version[]
  readonly emit: EmitOmemoEvent
  /** Whether a device that has spoken omemo:2 may be written to in 0.3 (OMEMO S9). */
  readonly allowsDowngrade: boolean
  /** After so many messages without an answer nothing more is sent to a device. */
  readonly staleAfter: number
}

/** Identity keys in both forms, by how they are on the wire: the conversion costs more than a message. */
const forms = new Map<string, Uint8Array>()

/** The X25519 form of an identity key as a version has it on the wire. */
export function curveForm(backend: CryptoBackend, version: Version, wire: Uint8Array): Uint8Array {
  const name = base64.encode(wire)
  const known = forms.get(name)
  if (known !== undefined) return known
  const { curve25519 } = version.profile.decodeIdentity(backend, wire)
  if (forms.size >= 2000) forms.clear()
  forms.set(name, curve25519)
  return curve25519
}

/** Gets ready to encrypt for a device: finds its session, or its bundle. */
export class RecipientFinder {
  readonly #parts: RecipientParts

  constructor(parts: RecipientParts) {
    this.#parts = parts
  }

  /**
   * What is needed to encrypt for a device.
   *
   * @param isEmpty whether it is for an empty message, which also devices get that have not answered for long
   * @throws OmemoError, and what the server says when its bundle is asked for
   */
  async find(
    jid: string,
    deviceId: number,
    contact: Contact,
    {
      isEmpty = false,
      only,
      signal,
    }: CallOptions & { readonly isEmpty?: boolean; readonly only?: Version | undefined },
  ): Promise<Recipient> {
    const version = only ?? (await this.#versionFor(jid, deviceId, contact))
    const record = await this.#record(jid, deviceId, version)
    const pinned = contact.devices.get(deviceId)?.identityKey
    if (!isEmpty) this.#checkStale(jid, deviceId, record)
    const session = currentOf(record)
    const bundle = session ? undefined : await this.#parts.bundles.fetch(version, jid, deviceId, { signal })
    const wire = session?.remoteIdentity ?? (bundle as CheckedBundle).identity.wire
    const identityKey = bundle?.identity.curve25519 ?? curveForm(this.#parts.backend, version, wire)
    if (pinned !== undefined && !equalBytes(pinned, identityKey)) {
      this.#parts.emit({ type: 'identity-conflict', jid, deviceId, identityKey })
      throw new OmemoError('identity-conflict')
    }
    const ed25519 = version.name === 'omemo2' ? wire : undefined
    return { jid, deviceId, version, identityKey, ed25519, bundle }
  }

  /** The highest version that both speak; what was spoken or announced once is not given up for what is announced now (OMEMO S9). */
  async #versionFor(jid: string, deviceId: number, contact: Contact): Promise<Version> {
    const { versions, emit, allowsDowngrade } = this.#parts
    const announced = versions.filter(({ name }) => contact.lists[name]?.ids.includes(deviceId))
    const [best] = announced
    if (best === undefined) throw new OmemoError('no-devices')
    const newer = versions.find(({ name }) => name === 'omemo2')
    if (newer === undefined || announced.includes(newer) || contact.devices.get(deviceId)?.version !== 'omemo2')
      return best
    const hasSession = currentOf(await this.#record(jid, deviceId, newer)) !== undefined
    const used = hasSession ? newer : allowsDowngrade ? best : undefined
    emit({ type: 'downgrade', jid, deviceId, used: used?.name })
    if (used === undefined) throw new OmemoError('downgrade')
    return used
  }

  #checkStale(jid: string, deviceId: number, { unanswered }: SessionRecord): void {
    const { staleAfter, emit } = this.#parts
    if (unanswered < staleAfter) return
    emit({ type: 'device-stale', jid, deviceId, unanswered })
    throw new OmemoError('stale-device')
  }

  async #record(jid: string, deviceId: number, { name }: Version): Promise<SessionRecord> {
    const { store, own } = this.#parts
    const { account } = await own.get()
    return (await store.read(sessionKind, sessionKey(account.deviceId, jid, deviceId, name))) ?? noSessions
  }
}
