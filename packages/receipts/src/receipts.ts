import type {
  CallOptions,
  Handled,
  InboundMessage,
  Plugin,
  PluginContext,
  SendHandle,
  Subscription,
} from '@couplet/client'
import { Jid, type MessageInit, message, type XmlElement } from '@couplet/stanza'
import { NS_RECEIPTS, ReceiptRequest, Received } from './elements.js'
import { Requests } from './requests.js'

/** Options of {@link receipts}. */
export interface ReceiptsOptions {
  /**
   * Who gets receipts: a receipt tells that we are online (XEP-0184 §8). Asked for each message that requests one, but
   * never for errors, rooms, or messages from an archive. Default: nobody.
   */
  readonly answer?: (from: Jid, message: InboundMessage) => boolean
}

/** A message whose delivery shall be confirmed. */
export interface ReceiptRequested {
  /** How far it has come on our side. */
  readonly handle: SendHandle
  /**
   * Resolves with the client that has received it. That it does not says nothing (XEP-0184 §4), so it may wait until the
   * client closes; rejects then, if the send fails, or with `signal.reason`.
   */
  readonly received: Promise<Jid>
}

/** What `client.receipts` offers. */
export interface Receipts {
  /**
   * Sends a message that asks for a receipt; `payloads` is what it carries besides. `signal` ends the waiting for the
   * receipt, not the sending.
   *
   * @throws TypeError for a room or an error message, and without an addressee
   */
  send(init: MessageInit, payloads?: readonly XmlElement[], options?: CallOptions): ReceiptRequested
  /**
   * Calls the handler with each receipt for a message sent by {@link send}: one for each client that has received it. A
   * receipt from anyone but the addressee is ignored.
   */
  onReceived(handler: (id: string, from: Jid) => Handled): Subscription
}

/** The plugin: asks for receipts, and answers those who are allowed to know (XEP-0184). */
export function receipts({ answer }: ReceiptsOptions = {}): Plugin<'receipts', Receipts> {
  return {
    name: 'receipts',
    // Who never answers does not invite others to ask (XEP-0184 §5.2).
    features: answer === undefined ? [] : [NS_RECEIPTS],
    needs: {},
    setup(context) {
      const requests = new Requests(context.signal)
      if (answer !== undefined) answerRequests(context, answer)
      context.onMessage(Received, ({ id }, { from }) => requests.confirm(id, from), { from: 'anyone' })
      return {
        send: (init, payloads, options) => send(context, requests, init, payloads, options),
        onReceived: (handler) =>
          context.onMessage(
            Received,
            ({ id }, { from }) => (requests.mayConfirm(id, from) ? handler(id, from) : undefined),
            { from: 'anyone' },
          ),
      }
    },
  }
}

function send(
  context: PluginContext,
  requests: Requests,
  init: MessageInit,
  payloads: readonly XmlElement[] = [],
  { signal }: CallOptions = {},
): ReceiptRequested {
  // XEP-0184 §5.3: every occupant of a room would answer.
  if (init.type === 'groupchat' || init.type === 'error') throw new TypeError(`no receipts for type ${init.type}`)
  if (init.to === undefined) throw new TypeError('a message to the own account gets no receipt')
  const to = typeof init.to === 'string' ? Jid.parse(init.to) : init.to
  const handle = context.send(message(init, ...payloads, ReceiptRequest()))
  return { handle, received: requests.expect(handle, to, signal) }
}

function answerRequests(context: PluginContext, answer: NonNullable<ReceiptsOptions['answer']>): void {
  context.onMessage(
    ReceiptRequest,
    (_request, received) => {
      const { from, id } = received
      if (from === undefined || id === undefined || !isAnswerable(received)) return
      // A promise is not a yes.
      if (answer(from, received) !== true) return
      // XEP-0184 §7: the same type, and nothing but the receipt. From whom it was asked: a component has many addresses.
      received.reply({ thread: undefined }, Received({ id }))
    },
    { from: 'anyone' },
  )
}

/**
 * XEP-0184 §5.3: not to rooms; §5.4: not to a receipt, or two clients would go round in circles; §5.5: only when first
 * received. A copy of a message is answered by the client that got the message.
 */
function isAnswerable(received: InboundMessage): boolean {
  const { provenance, type } = received
  const isNew = provenance === 'live' || provenance === 'offline'
  return isNew && type !== 'groupchat' && type !== 'error' && received.read(Received) === undefined
}
