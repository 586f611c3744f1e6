import type { CallOptions, Handled, InboundMessage, Plugin, Subscription } from '@couplet/client'
import type { Pep } from '@couplet/pep'
import type { Jid } from '@couplet/stanza'
import { Backup } from './backup/backup.js'
import { ChatRules } from './chat-rules.js'
import { type DeviceInfo, Devices } from './device-list.js'
import { type Followed, follow } from './follow.js'
import { originOf } from './message-origin.js'
import type { Omemo, ReceiveOptions } from './omemo-api.js'
import { OmemoCore } from './omemo-core.js'
import type { OmemoEvent } from './omemo-event.js'
import { OmemoMessage } from './omemo-message.js'
import type { OmemoOptions } from './omemo-options.js'
import { type EncryptRequest, type EncryptResult, type OmemoSent, Outgoing, type SendRequest } from './outgoing.js'
import type { OmemoOutcome } from './sessions/outcome.js'
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
    for (const version of core.versions) {
      context.onMessage(version.encrypted, (_found, message) => this.#take(message), claimed)
      context.pep.onChange(version.devices, (list, { from }) => {
        if (list !== undefined) return this.#noticeList(version.name, from.bare.toString(), list)
      })
    }
    context.onMessage((message) => this.#noticePlain(message))
    context.onMessage((message) => core.rooms.notice(message))
    context.onSession(() => {
      core.directory.forgetFreshness()
      core.rooms.forget()
      this.#enabled = undefined
      // Nobody has to wait for that before the client is online.
      if (options.automatic !== false) void this.enable().catch((error) => reportUnlessOffline(core, error))
    })
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

  receive(message: InboundMessage, { room }: ReceiveOptions = {}): Promise<OmemoOutcome | undefined> {
    return this.#core.inbox.take(message, originOf(message, this.#core.context.account, room))
  }

  follow(sources: Followed): Subscription {
    return follow(this, this.#core, sources)
  }

  enable(): Promise<void> {
    this.#enabled ??= this.#enable()
    return this.#enabled
  }

  async disable(): Promise<void> {
    await this.#core.presence.disable()
    this.#enabled = undefined
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
    const { trust, clock } = this.#core
    await trust.apply({ type: 'decisions', decisions, at: clock.now() })
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
    if ((await this.#core.own.find()) === undefined) await this.enable()
  }

  async #enable(): Promise<void> {
    try {
      await this.#core.presence.enable()
      await this.#core.inbox.ready()
    } catch (error) {
      this.#enabled = undefined
      throw error
    }
  }

  #beginCatchUp(): void {
    this.#core.isCatchingUp = true
    this.#core.presence.hold()
    this.#core.empties.hold()
  }

  async #endCatchUp(): Promise<void> {
    this.#core.isCatchingUp = false
    await this.#core.presence.release()
    await this.#core.empties.release()
  }

  async #take(message: InboundMessage): Promise<void> {
    // One stanza may hold both versions, and both listeners are called.
    const [first] = this.#core.versions.filter((version) => version.read(message.element) !== undefined)
    if (first === undefined || this.#taken.has(message)) return
    this.#taken.add(message)
    const { inbox, rooms, context } = this.#core
    const inRoom = rooms.originOf(message)
    // What a room says without our being in it comes from nobody.
    if (inRoom === undefined && message.type === 'groupchat') return
    await inbox.take(message, inRoom ?? originOf(message, context.account))
  }

  readonly #taken = new WeakSet<InboundMessage>()

  async #noticeList(
    version: OmemoCore['versions'][number]['name'],
    jid: string,
    list: Parameters<OmemoCore['directory']['take']>[2],
  ): Promise<void> {
    await this.#core.directory.take(jid, version, list)
    if (jid === this.#core.context.account.toString()) await this.#core.presence.noticeList(version, list)
  }

  /** OMEMO S2: in a chat that is encrypted, what is not could be from anybody on the way. */
  async #noticePlain(message: InboundMessage): Promise<void> {
    if (message.body === undefined || message.from === undefined) return
    if (this.#core.versions.some((version) => version.read(message.element) !== undefined)) return
    const jid = message.from.bare.toString()
    if (!(await this.chats.isRequired(jid))) return
    this.#core.events.emit({ type: 'plaintext-received', jid, id: message.id })
  }
}

function reportUnlessOffline({ context }: OmemoCore, error: unknown): void {
  if ((error as { readonly name?: string }).name !== 'ConnectionError') context.reportError(error)
}
