import { type CallOptions, randomId } from '@couplet/client'
import { ProcessingHint } from '@couplet/hints'
import { MucUser } from '@couplet/muc'
import { Jid, type MessageType, message, NS_CLIENT, type XmlElement, xml } from '@couplet/stanza'
import { TrustMessage } from '@couplet/trust-messages'
import { legacyVersion } from './legacy/version.js'
import type { OmemoCore } from './omemo-core.js'
import { OmemoError } from './omemo-error.js'
import type { RoomSource } from './rooms.js'
import type { Audience, ExcludedDevice } from './sessions/audience.js'
import { droppedByText, type SealedPayload, sealEnvelope, sealText } from './sessions/payloads.js'
import type { DeviceProblem, Recipient } from './sessions/recipient.js'
import { ScopeQueue } from './store/scope-queue.js'
import type { OutgoingTrustMessage } from './trust/trust-event.js'
import { keyBytes, keyName } from './trust/trust-record.js'
import type { VersionName } from './wire/version.js'

/** What is to be encrypted. */
export interface EncryptRequest extends CallOptions {
  /** The account, the room, or somebody in a room we are in, whom it is for; of a contact's full JID the resource says nothing. */
  readonly to: Jid | string
  /** The text. */
  readonly body?: string | undefined
  /** More elements; only omemo:2 can carry them. */
  readonly content?: readonly XmlElement[] | undefined
}

/** What is to be sent. */
export interface SendRequest extends EncryptRequest {
  /** The type of the message; default `chat`. */
  readonly type?: Extract<MessageType, 'chat' | 'normal'> | undefined
  /** Its id; default a random one. */
  readonly id?: string | undefined
}

/** A device that can read a message. */
export interface ReachedDevice {
  /** The bare JID of its account. */
  readonly jid: string
  /** Its id. */
  readonly deviceId: number
  /** How it was encrypted for it. */
  readonly version: VersionName
}

/** Who can read what was encrypted, and who cannot, device by device. */
export interface EncryptReport {
  /** The devices that can read it. */
  readonly recipients: readonly ReachedDevice[]
  /** Devices that were left out because of their keys. */
  readonly excluded: readonly ExcludedDevice[]
  /** Devices, and accounts without any, for which it did not work. */
  readonly errors: readonly DeviceProblem[]
  /** Elements that devices with 0.3 do not get, as `{namespace}name`. */
  readonly legacyDropped: readonly string[]
}

/** An encrypted message. */
export interface EncryptResult extends EncryptReport {
  /** What goes into the message: one element per version, the mark and the hint. */
  readonly elements: readonly XmlElement[]
}

/** A message that is on its way. */
export interface OmemoSent extends EncryptReport {
  /** Its id. */
  readonly id: string
  /** Resolves when the server has handled it; see `SendHandle.acked`. */
  readonly acked: Promise<void>
}

/** Where something is sent. */
interface Place {
  /** What the stanza is addressed to. */
  readonly address: Jid
  /** The account, or the room, that it is encrypted for. */
  readonly reader: Jid
  readonly room: RoomSource | undefined
  /** Whether it goes to somebody in a room alone. */
  readonly isPrivate: boolean
}

/** What somebody reads whose client cannot decrypt 0.3; in omemo:2 there is none (XEP-0420 §8). */
const fallback = 'This message is encrypted with OMEMO, which this client cannot read.'

/** Encrypts and sends. */
export class Outgoing {
  readonly #core: OmemoCore
  readonly #ready: () => Promise<void>
  readonly #order = new ScopeQueue()

  /** @param ready resolves when this device is there */
  constructor(core: OmemoCore, ready: () => Promise<void>) {
    this.#core = core
    this.#ready = ready
  }

  /** See `Omemo.encrypt`. */
  async encrypt(request: EncryptRequest): Promise<EncryptResult> {
    const { elements, ...report } = await this.#seal(request, await this.#placeOf(request))
    return { ...report, elements: [...elements, this.#core.mark(elements), ProcessingHint('store')] }
  }

  /** See `Omemo.send`. */
  async send({ type = 'chat', id = randomId(), ...request }: SendRequest): Promise<OmemoSent> {
    // What is said first arrives first.
    const release = await this.#order.take([parsed(request.to).bare.toString()])
    const { accepted, ...sent } = await this.#send(request, type, id).finally(release)
    // Now it is sent even if the process ends: a handler that answers is not done before.
    await accepted
    return sent
  }

  async #send(
    request: EncryptRequest,
    type: MessageType,
    id: string,
  ): Promise<OmemoSent & { readonly accepted: Promise<void> }> {
    const place = await this.#placeOf(request)
    const { elements, ...report } = await this.#seal(request, place)
    const { address, room } = place
    const marks = place.isPrivate ? [MucUser({ invites: [], items: [], statuses: [] })] : []
    const handles = this.#split(elements).map((part, index) => {
      const init = { type, id: index === 0 ? id : randomId(), body: fallbackOf(part) }
      const payloads = [...part, this.#core.mark(part), ProcessingHint('store'), ...marks]
      if (room !== undefined) return room.send({ id: init.id, body: init.body }, ...payloads)
      return this.#core.context.send(message({ to: address, ...init }, ...payloads))
    })
    const accepted = settled(handles.map((handle) => handle.accepted))
    return { ...report, id, accepted, acked: settled(handles.map((handle) => handle.acked)) }
  }

  /** Whom an address names: never more than that. */
  async #placeOf({ to, signal }: EncryptRequest): Promise<Place> {
    const { rooms } = this.#core
    const address = parsed(to)
    const occupant = await rooms.occupant(address, { signal })
    if (occupant !== undefined) return { address, reader: occupant, room: undefined, isPrivate: true }
    return { address: address.bare, reader: address.bare, room: rooms.find(address), isPrivate: false }
  }

  /**
   * Sends trust messages, each for the devices that it is for and no other, in omemo:2: 0.3 cannot carry them (XEP-0450).
   * Whom it could not tell is an event, and is told in the next session if it is still there.
   */
  async sendTrust(messages: readonly OutgoingTrustMessage[]): Promise<void> {
    const core = this.#core
    const { account } = await core.own.get()
    const self = { jid: core.context.account.toString(), deviceId: account.deviceId }
    for (const { to, recipients: records, message: trust } of messages) {
      const untold = new Set(records.map(({ key }) => key))
      let problem: unknown
      try {
        const { recipients: found, errors } = await core.audience.find([to], { self })
        const recipients = found.filter(
          ({ version, identityKey }) => version.name === 'omemo2' && untold.has(keyName(identityKey)),
        )
        const { payloads } = this.#payloads(recipients, [TrustMessage(trust)], Jid.parse(to))
        const sealed = await core.encryptor.encrypt({ recipients, payloads, isContent: false, chats: [] })
        if (sealed.elements.length > 0) core.sendEncrypted(to, sealed.elements)
        for (const { identityKey } of sealed.recipients) untold.delete(keyName(identityKey))
        problem = [...errors, ...sealed.errors][0]?.error
      } catch (error) {
        problem = error
      }
      const error = problem ?? new OmemoError('no-devices')
      for (const key of untold) core.events.emit({ type: 'trust-untold', jid: to, identityKey: keyBytes(key), error })
      // Without any problem, it has no such device any more.
      await core.trust.told(problem === undefined ? records : records.filter(({ key }) => !untold.has(key)))
    }
  }

  /** Encrypts for accounts. @throws OmemoError `opted-out`, `untrusted`, `stale-device`, `no-devices` if none of them can read it */
  async #seal(request: EncryptRequest, { reader: to, room: place }: Place): Promise<EncryptResult> {
    const { body, content: more = [], signal } = request
    const content = [...(body === undefined ? [] : [xml(NS_CLIENT, 'body', {}, body)]), ...more]
    if (content.length === 0) throw new TypeError('a message says something')
    await this.#ready()
    const { core, self } = { core: this.#core, self: await this.#core.own.get() }
    if ((await core.inbox.chat(to.toString())).isOptedOut) throw new OmemoError('opted-out')
    const room = place && (await core.rooms.audience(place, { signal }))
    const jids = room?.members ?? [to.toString()]
    const account = core.context.account.toString()
    const only = core.options.policy?.mixed === 'legacy-only' ? legacyVersion : undefined
    const audience = await core.audience.find([...new Set([...jids, account])], {
      self: { jid: account, deviceId: self.account.deviceId },
      only,
      signal,
    })
    requireSomebody(audience, jids, account)
    const { payloads, errors } = this.#payloads(audience.recipients, content, to)
    const recipients = audience.recipients.filter(({ version }) => payloads.has(version.name))
    signal?.throwIfAborted()
    const isWanted = (jid: string): boolean => room?.isMember(jid) !== false
    const chats = [to.toString()]
    const sealed = await core.encryptor.encrypt({ recipients, payloads, isContent: true, chats, isWanted })
    const all = { ...audience, errors: [...audience.errors, ...errors, ...sealed.errors] }
    requireSomebody({ ...all, recipients: sealed.recipients }, jids, account)
    const hasLegacy = sealed.recipients.some(({ version }) => version.name === 'legacy')
    return {
      elements: sealed.elements,
      recipients: sealed.recipients.map(({ jid, deviceId, version }) => ({ jid, deviceId, version: version.name })),
      excluded: all.excluded,
      errors: all.errors,
      legacyDropped: hasLegacy ? droppedByText(content) : [],
    }
  }

  #payloads(recipients: readonly Recipient[], content: readonly XmlElement[], to: Jid) {
    const { backend, context, clock } = this.#core
    const payloads = new Map<VersionName, SealedPayload>()
    const errors: DeviceProblem[] = []
    if (recipients.some(({ version }) => version.name === 'omemo2')) {
      const time = new Date(clock.now())
      payloads.set('omemo2', sealEnvelope(backend, { content, from: context.account, to, time }))
    }
    const legacy = recipients.filter(({ version }) => version.name === 'legacy')
    const text = legacy.length > 0 ? sealText(backend, content) : undefined
    if (text !== undefined) payloads.set('legacy', text)
    // What has no text says nothing to these.
    else for (const { jid, deviceId } of legacy) errors.push({ jid, deviceId, error: new OmemoError('no-text') })
    return { payloads, errors }
  }

  #split(elements: readonly XmlElement[]): readonly (readonly XmlElement[])[] {
    return this.#core.options.policy?.mixed === 'two-stanzas' ? elements.map((element) => [element]) : [elements]
  }
}

const fallbackOf = (elements: readonly XmlElement[]): string | undefined =>
  elements.every(({ ns }) => ns === legacyVersion.namespace) ? fallback : undefined

/** Nobody is told that something was sent that nobody can read. */
function requireSomebody({ recipients, excluded, errors }: Audience, jids: readonly string[], account: string): void {
  const isFor = ({ jid }: { readonly jid: string }): boolean => jids.includes(jid)
  if (recipients.some((each) => isFor(each) || jids.every((jid) => jid === account))) return
  const problems = errors.filter(isFor)
  const isStale = problems.length > 0 && problems.every(({ error }) => (error as OmemoError).code === 'stale-device')
  const code = isStale ? 'stale-device' : 'no-devices'
  throw new OmemoError(excluded.some(isFor) ? 'untrusted' : code, { cause: { excluded, errors } })
}

function settled(handles: readonly Promise<void>[]): Promise<void> {
  const all = Promise.all(handles).then(() => {})
  all.catch(() => {}) // whoever does not wait for it need not know
  return all
}

const parsed = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)
