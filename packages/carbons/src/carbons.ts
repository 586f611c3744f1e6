import type { CallOptions, Handled, InboundMessage, Plugin, PluginContext, Subscription } from '@couplet/client'
import { type BareJid, MalformedElementError, type Message, tagged } from '@couplet/stanza'
import { disableCarbons, EnableCarbons, enableCarbons, NS_CARBONS, ReceivedCarbon, SentCarbon } from './elements.js'

/** Whether another client of ours has sent the message or received it. */
export type CarbonDirection = 'sent' | 'received'

/** What `client.carbons` offers. */
export interface Carbons {
  /** Whether the server has agreed to send copies in this session. */
  readonly enabled: boolean
  /**
   * Calls the handler with copies of what other clients of the account send and receive. They do not reach
   * `client.onMessage`, and must not be answered automatically (XEP-0280 §10.4).
   */
  onMessage(handler: (message: InboundMessage, direction: CarbonDirection) => Handled): Subscription
  /**
   * Asks for copies again, in this session and in later ones, after {@link disable}.
   *
   * @throws StanzaError if the server refuses
   */
  enable(options?: CallOptions): Promise<void>
  /**
   * Wants no more copies, in this session and in later ones.
   *
   * @throws StanzaError if the server refuses
   */
  disable(options?: CallOptions): Promise<void>
}

/** A copy whatever it holds. */
const AnyCarbon = tagged(NS_CARBONS, 'sent', 'received')

/** What a server answers that does not know carbons, or does not allow them (XEP-0280 §4.1). */
const refusals: readonly unknown[] = ['service-unavailable', 'feature-not-implemented', 'forbidden', 'not-allowed']

/** The plugin: copies of what other clients of the account send and receive (XEP-0280), from the first session on. */
export function carbons(): Plugin<'carbons', Carbons> {
  return {
    name: 'carbons',
    needs: {},
    setup(context) {
      let isWanted = true
      let isEnabled = false
      const copied = context.event<[InboundMessage, CarbonDirection]>()
      // §7, §11: from anyone else, also our own server or another client of ours, it is a forgery.
      context.onMessage(AnyCarbon, (direction, outer) => deliver(context, outer, direction, copied.emit), {
        from: 'ownAccount',
        claims: true,
      })
      const inline = context.inlineBind(NS_CARBONS, () => (isWanted ? EnableCarbons() : undefined))
      context.onSession(async () => {
        // XEP-0386 §3.2: what was switched on while binding needs no request, and nothing can fall in between.
        isEnabled = inline.done
        if (isWanted && !isEnabled) isEnabled = await tryToEnable(context)
        else if (!isWanted && isEnabled) await context.request(disableCarbons, true)
        isEnabled &&= isWanted
      }, 'stream')
      return {
        get enabled() {
          return isEnabled && context.serverFeatures !== undefined
        },
        onMessage: (handler) => copied.on(handler),
        async enable(options) {
          isWanted = true
          await context.request(enableCarbons, true, options)
          isEnabled = true
        },
        async disable(options) {
          isWanted = false
          await context.request(disableCarbons, true, options)
          isEnabled = false
        },
      }
    },
  }
}

/** Asking costs one round trip, asking first whether to ask would cost two. */
async function tryToEnable(context: PluginContext): Promise<boolean> {
  try {
    await context.request(enableCarbons, true)
    return true
  } catch (error) {
    const { name, condition } = error as { readonly name?: string; readonly condition?: string }
    if (name === 'StanzaError' && refusals.includes(condition)) return false
    if (name === 'ConnectionError') return false // the client reports it
    throw error
  }
}

/** @throws MalformedElementError for a copy that is none, or of a message that cannot be one of ours */
function deliver(
  context: PluginContext,
  outer: Message,
  direction: CarbonDirection,
  emit: (message: InboundMessage, direction: CarbonDirection) => void,
): void {
  if ([...outer.element.elements()].filter((node) => AnyCarbon.matches(node)).length > 1) {
    throw new MalformedElementError('message', 'holds more than one copy')
  }
  const read = outer.read(direction === 'sent' ? SentCarbon : ReceivedCarbon)
  if (!read?.ok) throw read?.error ?? new MalformedElementError(`message/${direction}`, 'is missing')
  const inner = read.value.forwarded.message
  const path = `${direction}/forwarded/message`
  if (inner === undefined) throw new MalformedElementError(path, 'is missing')
  // Rooms send to each client themselves (§6.1); an error is about what one client has sent.
  if (inner.type === 'groupchat' || inner.type === 'error') return
  checkInner(inner, direction, path, context.account)
  emit(context.inbound(inner.element, 'carbon'), direction)
}

/** A client of ours has sent it, or has been sent it. */
function checkInner(inner: Message, direction: CarbonDirection, path: string, account: BareJid): void {
  if ([...inner.element.elements()].some((node) => AnyCarbon.matches(node))) {
    throw new MalformedElementError(path, 'holds another copy')
  }
  const [attribute, ours] = direction === 'sent' ? (['from', inner.from] as const) : (['to', inner.to] as const)
  // Without an address a message is for the account, or from it (RFC 6120 §8.1.1, §8.1.2).
  const isAbsent = inner.element.attr(attribute) === undefined
  if (!isAbsent && !ours?.bare.equals(account)) throw new MalformedElementError(`${path}@${attribute}`, 'is not ours')
}
