import type { PluginContext } from '@couplet/client'
import { Jid } from '@couplet/stanza'

const key = 'rooms'
const version = 1

/** The nicknames that we have, by the address of the room. */
export type Nicks = ReadonlyMap<string, string>

/** What is kept of the rooms we are in, for the process that goes on with our session. */
export class RoomRecord {
  readonly #context: PluginContext
  readonly #current: () => Nicks
  /** What is stored, as JSON. */
  #stored: string | undefined
  #isRead = false
  #reading: Promise<void> | undefined
  #isDue = false
  #writing: Promise<void> | undefined

  /** @param current the rooms we are in at the moment */
  constructor(context: PluginContext, current: () => Nicks) {
    this.#context = context
    this.#current = current
  }

  /** Reads what an earlier process has left; once. */
  read(): Promise<void> {
    this.#reading ??= this.#read()
    return this.#reading
  }

  /** The rooms of the session that we have now, as far as they are stored; `undefined` until that was read. */
  get rooms(): Nicks | undefined {
    const record = this.#record
    if (!this.#isRead) return undefined
    return new Map(record?.jid === this.#jid ? record.rooms : [])
  }

  /** Something may be different now: it is written when everything has been said about it. */
  changed(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#writing ??= this.#write()
  }

  get #jid(): string {
    return this.#context.jid.toString()
  }

  get #record(): { readonly jid: string; readonly rooms: readonly (readonly [string, string])[] } | undefined {
    return this.#stored === undefined ? undefined : JSON.parse(this.#stored)
  }

  async #read(): Promise<void> {
    try {
      const record = await this.#context.store.get(key)
      if (record?.version !== version || !isRecord(record.value)) return
      const { jid, rooms } = record.value
      this.#stored = JSON.stringify({ jid, rooms })
    } catch (error) {
      this.#context.reportError(error)
    } finally {
      this.#isRead = true
    }
  }

  async #write(): Promise<void> {
    await this.read()
    while (this.#isDue) {
      this.#isDue = false
      const rooms = [...this.#current()]
      const jid = this.#jid
      // Whoever is in no room leaves alone what another client with the same store may have written there.
      if (this.#context.jid.isBare() || (rooms.length === 0 && this.#record?.jid !== jid)) continue
      const text = JSON.stringify({ jid, rooms })
      if (text === this.#stored) continue
      this.#stored = text
      try {
        await this.#context.store.batch([{ key, record: { version, value: { jid, rooms } } }])
      } catch (error) {
        this.#context.reportError(error)
      }
    }
    this.#writing = undefined // not later: what comes next would find nobody who writes it
  }
}

function isRecord(value: unknown): value is { readonly jid: string; readonly rooms: readonly [string, string][] } {
  const { jid, rooms } = (value ?? {}) as Record<string, unknown>
  return typeof jid === 'string' && Array.isArray(rooms) && rooms.every(isRoom)
}

function isRoom(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [room, nick] = value as readonly unknown[]
  if (typeof room !== 'string' || typeof nick !== 'string' || nick === '') return false
  return Jid.tryParse(`${room}/${nick}`)?.isFull() === true
}
