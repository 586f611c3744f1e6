import { fileURLToPath } from 'node:url'
import type { Command } from './process-group.js'
import type { ServerInfo } from './server-catalog.js'

/** How the servers of a lab find each other. */
export interface Federation {
  /** Where each of them listens for the others. */
  readonly port: number
  /** A DNS server that knows them. */
  readonly dns: { readonly ip: string; readonly port: number }
  /** The others. */
  readonly peers: readonly { readonly domain: string; readonly ip: string }[]
}

/** What is known of a server before it runs. */
export type ServerSetup = Omit<ServerInfo, 'version' | 'startMs'> & {
  /** Prosody and ejabberd share these level names. */
  readonly logLevel: LogLevel
  /** Without it stanzas to other domains bounce. */
  readonly federation?: Federation | undefined
}

/** How much servers write to `server.log`. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What one kind of server needs to be run and controlled. */
export interface ServerDriver {
  /** Files that must exist for the server to be startable. */
  programs(setup: Pick<ServerInfo, 'name'>): readonly string[]
  /** Writes the configuration; returns what to execute. */
  prepare(setup: ServerSetup): Promise<Command>
  /** The server's version once it serves everything, `undefined` before. */
  ready(setup: ServerSetup): Promise<string | undefined>
  /** Rejects if the account exists or the host has no accounts. */
  createAccount(server: ServerInfo, local: string, host: string, password: string): Promise<void>
  /** Ends the sessions of a bare or full JID with a stream error or stream end. */
  kick(server: ServerInfo, jid: string): Promise<void>
  /** Cuts the TCP connection of a full JID; the server keeps the session for resumption. */
  dropConnection?(server: ServerInfo, jid: string): Promise<void>
}

/** Folder of the unpacked servers; see servers/install.sh. */
export const installPrefix = process.env.COUPLET_SERVERS || '/opt/couplet-servers'

/** Path of a file in servers/. */
export const serverFile = (name: string): string => fileURLToPath(new URL(`../servers/${name}`, import.meta.url))
