import type { CallOptions, Handled, InboundMessage, Plugin, Subscription } from '@couplet/client'
import type { Pep } from '@couplet/pep'
import type { Jid } from '@couplet/stanza'
import { reportUnlessOffline } from './aftermath.js'
import { Backup } from './backup/backup.js'
import { ChatRules } from './chat-rules.js'
import { type DeviceInfo, Devices } from './device-list.js'
import { type Followed, follow } from './follow.js'
import { originOf, type RoomOrigin } from './message-origin.js'
import type { Omemo, ReceiveOptions } from './omemo-api.js'
import { allVersions, OmemoCore } from './omemo-core.js'
import type { OmemoEvent } from './omemo-event.js'
import { OmemoMessage } from './omemo-message.js'
import type { OmemoOptions } from './omemo-options.js'
import { type EncryptRequest, type EncryptResult, type OmemoSent, Outgoing, type SendRequest } from './outgoing.js'
import type { OmemoOutcome } from './sessions/outcome.js'
import type { MessageOrigin } from './sessions/receive-task.js'
import { labelBytes } from './trust/device-label.js'
import type { UserDecision } from './trust/key-identifier.js'
import { omemoUri } from './trust/omemo-uri.js'

/**
 * The plugin: end-to-end encryption in both versions, omemo:2 and 0.3 (XEP-0384).
 *
 * @throws RangeError for a label that others would not show as it is
 */
export function omemo(options: OmemoOptions = {}): Plugin<'omemo', Omemo, { pep: Pep }> {
  if (options.label !== undefined) labelBytes(options.label)
  return {
    name: 'omemo',
    needs: { pep: true },
    setup: (context) => new OmemoPlugin(new OmemoCore(context, options)),
  }
}

class OmemoPlugin implements Omemo {
  readonly chats: ChatRules
  readonly backup: Backup
  readonly catchUp = { begin: () => this.#beginCatchUp(), end: () => this.#endCatchUp() }
  readonly #core: OmemoCore
  readonly #outgoing: Outgoing
  readonly #devices: Devices
  #enabled: Promise<void> | undefined

  constructor(core: OmemoCore) {
    this.#core = core
    this.chats = new ChatRules(core)
    this.backup = new Backup(core)
    this.#devices = new Devices(core)
    this.#outgoing = new Outgoing(core, () => this.#ready())
    const { context, options } = core
    // What it says besides is for those who cannot decrypt it.
    const claimed = { from: 'anyone', claims: true } as const
    for (const { encrypted } of allVersions) {
      // Whose it is in a room is what the room says when it comes; it is read when its turn comes.
      context.onMessage(encrypted, (_found, message) => this.#note(message), { from: 'anyone' })
      context.onMessage(encrypted, (_found, message) => this.#take(message), claimed)
    }
    for (const version of core.versions) {
      context.pep.onChange(version.devices, (list, { from }) => {
        if (list !== undefined) return this.#noticeList(version.name, from.bare.toString(), list)
      })
    }
    context.onMessage((message) => this.chats.notice(message, this.#originOf(message)))
    context.onMessage((message) => core.rooms.notice(message))
    context.onSession(() => {
      core.directory.forgetFreshness()
      core.rooms.forget()
      this.#enabled = undefined
      // Nobody has to wait for that before the client is online.
      if (options.automatic !== false) void this.#resume().catch((error) => reportUnlessOffline(context, error))
    })
    core.events.on((event) => (event.type === 'identity-conflict' ? core.conflicts.notice(event) : undefined))
    core.trustMessages.on((messages) => this.#outgoing.sendTrust(messages))
    context.subscription(() => core.presence.stop())
  }

  send(request: SendRequest): Promise<OmemoSent> {
    return this.#outgoing.send(request)
  }

  encrypt(request: EncryptRequest): Promise<EncryptResult> {
    return this.#outgoing.encrypt(request)
  }

  onMessage(handler: (message: OmemoMessage) => Handled): Subscription {
    const { inbox, context } = this.#core
    const send = (request: SendRequest): Promise<OmemoSent> => this.send(request)
    return context.subscription(inbox.onContent((content) => handler(new OmemoMessage(content, send))))
  }

  onOutcome(handler: (outcome: OmemoOutcome, message: InboundMessage) => Handled): Subscription {
    return this.#core.context.subscription(this.#core.inbox.onOutcome(handler))
  }

  onEvent(handler: (event: OmemoEvent) => Handled): Subscription {
    return this.#core.events.on(handler)
  }

  async receive(message: InboundMessage, { room }: ReceiveOptions = {}): Promise<OmemoOutcome | undefined> {
    const origin = this.#originOf(message, room)
    const outcome = await this.#core.inbox.take(message, origin)
    if (outcome === undefined) await this.chats.notice(message, origin)
    return outcome
  }

  follow(sources: Followed): Subscription {
    return follow(this, this.#core, sources)
  }

  enable(): Promise<void> {
    this.#enabled ??= this.#enable()
    return this.#enabled
  }

  async disable(): Promise<void> {
    this.#enabled = undefined
    await this.#core.presence.disable()
  }

  self(): Promise<DeviceInfo> {
    return this.#devices.self()
  }

  async uri(): Promise<string> {
    const { own, context } = this.#core
    const { account, identity } = await own.get()
    return omemoUri(context.account, [{ id: account.deviceId, key: identity.publicKey }])
  }

  devices(jid: Jid | string, options?: CallOptions): Promise<readonly DeviceInfo[]> {
    return this.#devices.of(jid, options)
  }

  async decide(decisions: readonly UserDecision[]): Promise<void> {
    const { trust, clock, conflicts } = this.#core
    await trust.apply({ type: 'decisions', decisions, at: clock.now() })
    await conflicts.settle(new Set(decisions.map(({ jid }) => jid)))
  }

  resetSession(jid: Jid | string, deviceId?: number): Promise<void> {
    return this.#devices.resetSessions(jid, deviceId)
  }

  resetDevice(): Promise<void> {
    return this.#core.presence.renumber()
  }

  async destroyIdentity(): Promise<void> {
    await this.disable()
    await this.#core.own.destroy()
  }

  rotate(): Promise<void> {
    return this.#core.presence.rotate()
  }

  /** A device that was announced before can write at once, also while there is no connection. */
  async #ready(): Promise<void> {
    const { own } = this.#core
    if ((await own.find()) === undefined && !(await own.isDisabled())) await this.enable()
  }

  /** What was disabled stays so until somebody enables it. */
  async #resume(): Promise<void> {
    const { own, inbox } = this.#core
    await ((await own.isDisabled()) ? inbox.ready() : this.enable())
  }

  async #enable(): Promise<void> {
    try {
      await this.#core.presence.enable()
      await this.#core.inbox.ready()
      this.#settle()
    } catch (error) {
      this.#enabled = undefined
      throw error
    }
  }

  /** What an earlier process has left to do; after what was missed, which may have done it, or decided otherwise. */
  #settle(): void {
    const { trust, empties, isCatchingUp, context } = this.#core
    if (isCatchingUp || this.#enabled === undefined) return
    const settle = async (): Promise<void> => {
      await empties.settle()
      await this.#outgoing.sendTrust(await trust.untold())
    }
    settle().catch((error) => reportUnlessOffline(context, error))
  }

  #beginCatchUp(): void {
    this.#core.isCatchingUp = true
    this.#core.presence.hold()
    this.#core.empties.hold()
  }

  async #endCatchUp(): Promise<void> {
    // The archive was read, but what it had may still wait to be decrypted: with prekeys that are kept until then (OMEMO F2).
    await this.#core.inbox.ready()
    this.#core.isCatchingUp = false
    await this.#core.presence.release()
    await this.#core.empties.release()
    this.#settle()
  }

  #note(message: InboundMessage): void {
    this.#origins.set(message, this.#originOf(message))
  }

  async #take(message: InboundMessage): Promise<void> {
    const origin = this.#origins.get(message)
    // One stanza may hold both versions, and both listeners are called.
    if (origin === undefined) return
    this.#origins.delete(message)
    await this.#core.inbox.take(message, origin)
  }

  #originOf(message: InboundMessage, room?: RoomOrigin): MessageOrigin {
    const { rooms, context } = this.#core
    return (room === undefined ? rooms.originOf(message) : undefined) ?? originOf(message, context.account, room)
  }

  readonly #origins = new WeakMap<InboundMessage, MessageOrigin>()

  async #noticeList(
    version: OmemoCore['versions'][number]['name'],
    jid: string,
    list: Parameters<OmemoCore['directory']['take']>[2],
  ): Promise<void> {
    const { directory, presence, context, options } = this.#core
    const isOwn = jid === context.account.toString()
    // Anybody can announce devices of accounts that are made up, and what is taken is kept for good.
    if (!isOwn && !options.isContact?.(jid) && !(await directory.knows(jid))) return
    await directory.take(jid, version, list)
    if (isOwn) await presence.noticeList(version, list)
  }
}
