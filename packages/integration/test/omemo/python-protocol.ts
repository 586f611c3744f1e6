import type { Version } from './elements.js'

/** What the storage of python-omemo holds, for a restart. */
export type Entries = Readonly<Record<string, unknown>>

/** What is known about the own device. */
export interface OwnDevice {
  readonly device: number
  /** The identity key, Ed25519, as hexadecimal digits. */
  readonly identity: string
  readonly fingerprint: string
  readonly bundles: Readonly<Record<Version, string>>
}

/** What became of a message that was encrypted. */
export interface PythonEncrypted {
  readonly messages: readonly {
    readonly version: Version
    readonly xml: string
    readonly key: string
    readonly tag: string
  }[]
  readonly errors: readonly {
    readonly version: Version
    readonly jid: string
    readonly device: number
    readonly kind: string
  }[]
}

/** A message that could be read. */
export interface PythonDecrypted {
  readonly version: Version
  readonly device: number
  readonly identity: string
  readonly trust: string
  readonly key: string
  readonly tag: string
  /** Absent in messages that only move the ratchet on. */
  readonly plaintext: string | null
}

/** A device as python-omemo knows it. */
export interface PythonDevice {
  readonly device: number
  readonly identity: string
  readonly trust: string
  readonly versions: readonly Version[]
}

/** A session of one version with one device. */
export interface PythonSession {
  readonly initiation: 'active' | 'passive'
  readonly confirmed: boolean
  readonly sent: number
  readonly received: number | null
}

/** How a device begins. */
export interface OpenDevice {
  readonly jid: string
  /** In the order in which they are preferred. */
  readonly versions: readonly Version[]
  /** What `dump` has returned: the device goes on where it was. */
  readonly entries?: Entries
  /** Whether every key is trusted at first sight (default), or none. */
  readonly trusts_blindly?: boolean
  /** Whether it goes on with what it has missed, until `end_catch_up`. */
  readonly catching_up?: boolean
  /** Whether it counts the messages of the previous chain as the descendants of libsignal do: one less. */
  readonly announces_last_index?: boolean
}

type OfDevice = { readonly version: Version; readonly jid: string; readonly device: number }

/** The commands of driver.py: what they take and what they return. */
export interface Commands {
  open: [OpenDevice, OwnDevice]
  own: [{}, OwnDevice]
  dump: [{}, Entries]
  devices: [{ readonly jid: string }, readonly PythonDevice[]]
  trust: [{ readonly jid: string; readonly identity: string; readonly level: string }, null]
  list_changed: [{ readonly version: Version; readonly jid: string; readonly xml: string | null }, null]
  refresh: [{ readonly version: Version; readonly jid: string }, null]
  encrypt: [
    {
      readonly to: readonly string[]
      readonly plaintexts: Readonly<Partial<Record<Version, string>>>
      readonly order?: readonly Version[]
    },
    PythonEncrypted,
  ]
  decrypt: [{ readonly sender: string; readonly xml: string }, PythonDecrypted]
  session: [OfDevice, PythonSession | null]
  replace_sessions: [{ readonly jid: string; readonly device: number }, Readonly<Record<string, string>>]
  rotate: [{ readonly version: Version }, null]
  replenish: [{ readonly version: Version; readonly count: number }, null]
  begin_catch_up: [{}, null]
  end_catch_up: [{}, null]
}

/** What driver.py asks of the server. `undefined` says that there is nothing. */
export interface Hooks {
  publish_bundle(value: { readonly version: Version; readonly device: number; readonly xml: string }): Promise<void>
  fetch_bundle(value: OfDevice): Promise<string | undefined>
  delete_bundle(value: { readonly version: Version; readonly device: number }): Promise<void>
  publish_list(value: { readonly version: Version; readonly xml: string }): Promise<void>
  fetch_list(value: { readonly version: Version; readonly jid: string }): Promise<string | undefined>
  send(value: { readonly version: Version; readonly to: string; readonly xml: string }): Promise<void>
}
