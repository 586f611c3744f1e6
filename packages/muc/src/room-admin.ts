import type { CallOptions, PluginContext } from '@couplet/client'
import { type DataForm, fillForm } from '@couplet/forms'
import { type BareJid, Jid, StanzaError } from '@couplet/stanza'
import {
  type Affiliation,
  getAdmin,
  getOwner,
  getRegistration,
  type MucAdminItem,
  type MucDestroy,
  type Role,
  type RoomRegistration,
  setAdmin,
  setOwner,
  setRegistration,
} from './elements.js'
import {
  acceptDefaults,
  fillSettings,
  type RoomConfiguration,
  type RoomFieldValues,
  type RoomSettings,
  readSettings,
} from './room-settings.js'

/** Options of what moderators and admins do to somebody. */
export interface ReasonOptions extends CallOptions {
  /** Why, for people. */
  readonly reason?: string | undefined
}

/** Options of destroying a room. */
export interface DestroyOptions extends ReasonOptions {
  /** Where to go instead. */
  readonly alternative?: Jid | string | undefined
  /** The password there. */
  readonly password?: string | undefined
}

/**
 * What moderators, admins and owners do (XEP-0045 §8 to §10). The room decides who may.
 *
 * Every method throws a `StanzaError` if the room refuses.
 */
export class RoomAdmin {
  readonly #context: PluginContext
  readonly #room: BareJid

  /** @internal */
  constructor(context: PluginContext, room: BareJid) {
    this.#context = context
    this.#room = room
  }

  /** Puts an occupant out; they may come back (XEP-0045 §8.2). */
  kick(nick: string, options?: ReasonOptions): Promise<void> {
    return this.setRole(nick, 'none', options)
  }

  /** Lets an occupant speak in a moderated room (§8.3). */
  grantVoice(nick: string, options?: ReasonOptions): Promise<void> {
    return this.setRole(nick, 'participant', options)
  }

  /** Does not any more (§8.4). */
  revokeVoice(nick: string, options?: ReasonOptions): Promise<void> {
    return this.setRole(nick, 'visitor', options)
  }

  /** Puts an account out for good, and what it enters with (§9.1). */
  ban(jid: Jid | string, options?: ReasonOptions): Promise<void> {
    return this.setAffiliation(jid, 'outcast', options)
  }

  /** Changes what an occupant may do, while they are there (§8, §9.6). */
  setRole(nick: string, role: Role, { reason, signal }: ReasonOptions = {}): Promise<void> {
    return this.#set([{ nick, role, reason }], signal)
  }

  /** Changes what an account is to the room (§9, §10). */
  setAffiliation(jid: Jid | string, affiliation: Affiliation, { reason, signal }: ReasonOptions = {}): Promise<void> {
    return this.#set([{ jid: parse(jid).bare, affiliation, reason }], signal)
  }

  /** The occupants with a role, as far as the room tells us (§8.5). */
  async withRole(role: Role, { signal }: CallOptions = {}): Promise<readonly MucAdminItem[]> {
    return (await this.#context.request(getAdmin, { items: [{ role }] }, { to: this.#room, signal })).items
  }

  /** The accounts with an affiliation, as far as the room tells us (§9.2, §9.5, §10.5, §10.8). */
  async withAffiliation(affiliation: Affiliation, { signal }: CallOptions = {}): Promise<readonly MucAdminItem[]> {
    return (await this.#context.request(getAdmin, { items: [{ affiliation }] }, { to: this.#room, signal })).items
  }

  /** The configuration (§10.2). */
  async configuration({ signal }: CallOptions = {}): Promise<RoomConfiguration> {
    const { form } = await this.#context.request(getOwner, {}, { to: this.#room, signal })
    if (form === undefined) throw new StanzaError({ condition: 'feature-not-implemented' }) // §10.1.3: nothing to configure
    return { settings: readSettings(form), form }
  }

  /**
   * Changes settings and keeps all others, unknown ones included (§10.2). Also unlocks a room that was just created.
   *
   * @param others fields of the server's own, by name
   * @throws RangeError for a setting the room does not offer
   */
  async configure(settings: RoomSettings, others?: RoomFieldValues, options: CallOptions = {}): Promise<void> {
    const { form } = await this.configuration(options)
    await this.#own(fillSettings(form, settings, others), options)
  }

  /** Takes the settings a new room comes with, and so unlocks it (§10.1.2). */
  acceptDefaults(options: CallOptions = {}): Promise<void> {
    return this.#own(acceptDefaults, options)
  }

  /** Ends the room for all (§10.9). */
  async destroy({ reason, alternative, password, signal }: DestroyOptions = {}): Promise<void> {
    const jid = alternative === undefined ? undefined : parse(alternative).bare
    const destroy: MucDestroy = { jid, password, reason }
    await this.#context.request(setOwner, { destroy }, { to: this.#room, signal })
  }

  /** What registering with the room needs, or under which nickname we are registered (§7.10). */
  registration({ signal }: CallOptions = {}): Promise<RoomRegistration> {
    return this.#context.request(getRegistration, { registered: false }, { to: this.#room, signal })
  }

  /** Asks to become a member (§7.10). @param values by field name, such as `muc#register_roomnick` */
  async register(values: RoomFieldValues, options: CallOptions = {}): Promise<void> {
    const { form } = await this.registration(options)
    if (form === undefined) throw new StanzaError({ condition: 'feature-not-implemented' })
    const answer = { registered: false, form: fillForm(form, values) }
    await this.#context.request(setRegistration, answer, { to: this.#room, signal: options.signal })
  }

  async #set(items: readonly MucAdminItem[], signal: AbortSignal | undefined): Promise<void> {
    await this.#context.request(setAdmin, { items }, { to: this.#room, signal })
  }

  async #own(form: DataForm, { signal }: CallOptions): Promise<void> {
    await this.#context.request(setOwner, { form }, { to: this.#room, signal })
  }
}

const parse = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)
