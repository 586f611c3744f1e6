import type { CallOptions } from '@couplet/client'
import type { MucHistory } from './elements.js'
import type { RoomAvailability } from './entry.js'
import type { Muc } from './muc.js'
import type { Room } from './room.js'
import type { RoomFieldValues, RoomSettings } from './room-settings.js'

/** Options of {@link Muc.join}. */
export interface JoinOptions extends CallOptions {
  /** What to be called there; default the resource of the address, else the name of the account. */
  readonly nick?: string | undefined
  /** The password of the room. It is kept in memory, for coming back. */
  readonly password?: string | undefined
  /**
   * How much of what was said before is wanted; default nothing, so that no bot answers yesterday's questions. What is
   * missed later is always asked for.
   */
  readonly history?: MucHistory | undefined
  /** How available we are there. */
  readonly availability?: RoomAvailability | undefined
  /**
   * Whether a room that does not exist is made, with the settings it comes with; default true, as in XEP-0045 §10.1. With
   * `false` such a room is left again, which ends it, and `join` rejects with a `RoomError` `no-room`. So it is when we
   * come back: a room that is no more by then is made again, which is the event `recreated`; with `false` we wait until
   * somebody else has made it.
   */
  readonly create?: boolean | undefined
  /** Milliseconds for the room to answer; default a minute. */
  readonly timeout?: number | undefined
}

/** Options of {@link Muc.create}. */
export interface CreateOptions extends Omit<JoinOptions, 'create' | 'history'> {
  /** How the room is to be, also if we make it again by coming back; default as the server makes them. */
  readonly settings?: RoomSettings | undefined
  /** Settings of the server's own, by field name. */
  readonly fields?: RoomFieldValues | undefined
}

/** What a room is entered with, also when we come back. */
export type EntranceOptions = Omit<JoinOptions, keyof CallOptions | 'timeout'> &
  Pick<CreateOptions, 'settings' | 'fields'>

/** Whether a new room is to be other than the server makes them. */
export const hasWishes = ({ settings = {}, fields }: EntranceOptions): boolean =>
  Object.keys(settings).length > 0 || fields !== undefined

/** Tells a new room how to be, which opens it (XEP-0045 §10.1). */
export function configure(room: Room, options: EntranceOptions, call?: CallOptions): Promise<void> {
  const { settings = {}, fields } = options
  return hasWishes(options) ? room.configure(settings, fields, call) : room.acceptDefaults(call)
}
