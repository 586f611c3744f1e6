import type { Handled, Plugin, PluginContext, SendHandle, Subscription } from '@couplet/client'
import { type BareJid, Jid, type Presence, type PresenceInit, presence, type XmlElement } from '@couplet/stanza'
import { Availability } from './availability.js'
import { PreApproval, RoomUser } from './elements.js'
import { type OwnAvailability, OwnPresence } from './own-presence.js'

/** Somebody asks to see our presence (RFC 6121 §3.1.3). Until it is answered, the server asks again at each login. */
export interface SubscriptionRequest {
  /** Who asks. */
  readonly from: BareJid
  /** The stanza, with what they say in its `status`. */
  readonly presence: Presence
  /** Lets them see our presence. */
  approve(): SendHandle
  /** Does not. */
  deny(): SendHandle
}

/** What somebody has decided about a subscription (RFC 6121 §3). Nothing follows from it by itself. */
export interface SubscriptionChange {
  /** We may see theirs (`subscribed`), may not any more (`unsubscribed`), or they do not want ours (`unsubscribe`). */
  readonly type: 'subscribed' | 'unsubscribed' | 'unsubscribe'
  /** Who has decided. */
  readonly from: BareJid
  /** The stanza. */
  readonly presence: Presence
}

/** What `client.presence` offers. */
export interface ContactPresence {
  /** The available resources of an account, best first; empty for one that is away, or does not tell us. */
  of(jid: Jid | string): readonly Presence[]
  /** Calls the handler when something about an account has changed, with all of its available resources, best first. */
  onChange(handler: (jid: BareJid, resources: readonly Presence[]) => Handled): Subscription
  /**
   * Says how available we are, or with `false` that we are not; payloads follow. Sent at once if there is a session, else
   * when it goes on; and at the beginning of every later one, instead of the client's option `presence`. Returns
   * `undefined` if it waits.
   */
  set(availability: OwnAvailability | false, ...payloads: readonly XmlElement[]): SendHandle | undefined
  /** The same for one entity, whoever it is (directed presence, RFC 6121 §4.6). Not for joining rooms. */
  sendTo(
    to: Jid | string,
    availability: OwnAvailability | false,
    ...payloads: readonly XmlElement[]
  ): SendHandle | undefined
  /** Asks to see somebody's presence; `status` says why. Puts them into the roster. */
  subscribe(to: Jid | string, options?: Pick<PresenceInit, 'status' | 'lang'>): SendHandle
  /** Does not want to see it any more, or takes back the question. */
  unsubscribe(to: Jid | string): SendHandle
  /** Lets somebody see our presence: who has asked, or if {@link canPreApprove}, who will. */
  approve(to: Jid | string): SendHandle
  /** Does not let somebody see it: who has asked, was allowed before, or was approved in advance. */
  deny(to: Jid | string): SendHandle
  /** Whether the server takes approvals in advance (RFC 6121 §3.4). */
  readonly canPreApprove: boolean
  /** Calls the handler when somebody asks to see our presence. Nobody is ever allowed to without being approved. */
  onRequest(handler: (request: SubscriptionRequest) => Handled): Subscription
  /** Calls the handler with what others have decided. */
  onSubscription(handler: (change: SubscriptionChange) => Handled): Subscription
}

/** The plugin: who is available, how available we are, and who may know (RFC 6121 §3 and §4). Is `client.presence`. */
export function contactPresence(): Plugin<'presence', ContactPresence> {
  return {
    name: 'presence',
    needs: {},
    setup(context) {
      const own = new OwnPresence(context)
      const tell = subscriptionStanzas(context)
      const { of, onChange, forget } = track(context)
      return {
        of,
        onChange,
        ...listenForSubscriptions(context, tell),
        set: (availability, ...payloads) => own.set(availability, payloads),
        sendTo: (to, availability, ...payloads) => own.sendTo(to, availability, payloads),
        subscribe: (to, options) => tell('subscribe', to, options),
        unsubscribe(to) {
          const handle = tell('unsubscribe', to)
          forget(to) // not every server says that they are gone for us (RFC 6121 §3.3.3)
          return handle
        },
        approve: (to) => tell('subscribed', to),
        deny: (to) => tell('unsubscribed', to),
        get canPreApprove() {
          return context.serverFeatures?.get(PreApproval) === true
        },
      }
    },
  }
}

type SubscriptionType = 'subscribe' | 'unsubscribe' | SubscriptionChange['type']

/** RFC 6121 §3.1.1: subscriptions are between accounts. */
const subscriptionStanzas =
  (context: PluginContext) =>
  (type: SubscriptionType, to: Jid | string, options?: Pick<PresenceInit, 'status' | 'lang'>): SendHandle =>
    context.send(presence({ ...options, type, to: parse(to).bare }))

const parse = (jid: Jid | string): Jid => (typeof jid === 'string' ? Jid.parse(jid) : jid)

interface Tracker extends Pick<ContactPresence, 'of' | 'onChange'> {
  forget(jid: Jid | string): void
}

function track(context: PluginContext): Tracker {
  const availability = new Availability()
  const changed = context.event<[jid: BareJid, resources: readonly Presence[]]>()
  const of: ContactPresence['of'] = (jid) => availability.of(parse(jid))
  const tell = (jid: BareJid | undefined): void => {
    if (jid !== undefined) changed.emit(jid, of(jid))
  }
  context.onPresence((received) => {
    const { from } = received
    if (from === undefined || received.get(RoomUser) !== undefined) return
    tell(availability.take(received, from))
  })
  // The server tells anew who is available.
  context.onSession(() => {
    for (const jid of availability.clear()) changed.emit(jid, [])
  })
  return { of, onChange: (handler) => changed.on(handler), forget: (jid) => tell(availability.forget(parse(jid))) }
}

function listenForSubscriptions(
  context: PluginContext,
  tell: ReturnType<typeof subscriptionStanzas>,
): Pick<ContactPresence, 'onRequest' | 'onSubscription'> {
  const requested = context.event<[SubscriptionRequest]>()
  const changed = context.event<[SubscriptionChange]>()
  context.onPresence((received) => {
    const from = received.from?.bare
    const { type } = received
    if (from === undefined || from.equals(context.account)) return
    if (type === 'subscribe') {
      const [approve, deny] = [() => tell('subscribed', from), () => tell('unsubscribed', from)]
      requested.emit({ from, presence: received, approve, deny })
    } else if (type === 'subscribed' || type === 'unsubscribed' || type === 'unsubscribe') {
      changed.emit({ type, from, presence: received })
    }
  })
  return { onRequest: (handler) => requested.on(handler), onSubscription: (handler) => changed.on(handler) }
}
