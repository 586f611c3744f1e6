import { DataForm, FormField, field, NS_DATA_FORMS, submitForm } from '@couplet/forms'
import { NS_PUBLISH_OPTIONS, NS_PUBSUB } from '@couplet/pubsub'
import {
  attr,
  child,
  children,
  define,
  type ElementDef,
  element,
  type Field,
  type Infer,
  iqSet,
  type Jid,
  jid,
  Malformed,
  type OptionalField,
  optional,
  readElement,
  uint,
  type XmlElement,
  xml,
} from '@couplet/stanza'

/** The namespace of push notifications, and the feature of servers and app servers that know them (XEP-0357 §4). */
export const NS_PUSH = 'urn:xmpp:push:0'
/** The FORM_TYPE of the summary in a notification (XEP-0357 §7). */
export const NS_PUSH_SUMMARY = 'urn:xmpp:push:summary'

/** Has the server notify an app server (XEP-0357 §5). */
export const PushEnable = element(NS_PUSH, 'enable', {
  jid: attr('jid', jid),
  node: optional(attr('node')),
  /** What the app server wants with each notification, such as a secret: a form of type `http://jabber.org/protocol/pubsub#publish-options`. */
  options: optional(child(DataForm)),
})
/** The value of the definition of the same name. */
export type PushEnable = Infer<typeof PushEnable>

/** Ends that: for one node, or without a node for all of the app server (XEP-0357 §6). */
export const PushDisable = element(NS_PUSH, 'disable', { jid: attr('jid', jid), node: optional(attr('node')) })
/** The value of the definition of the same name. */
export type PushDisable = Infer<typeof PushDisable>

/** Has the own server notify an app server (XEP-0357 §5). */
export const enablePush = iqSet(PushEnable)
/** Ends that (XEP-0357 §6). */
export const disablePush = iqSet(PushDisable)

/** The field if it can be read: servers fill these in as they like, and a notification is good without them. */
function ifReadable<T>(original: Field<T>): OptionalField<T> {
  return {
    ...optional(original),
    parse(form) {
      const value = original.parse(form)
      return value instanceof Malformed ? undefined : value
    },
  }
}

const summary = submitForm(NS_PUSH_SUMMARY, {
  messageCount: ifReadable(field('message-count', uint)),
  pendingSubscriptionCount: ifReadable(field('pending-subscription-count', uint)),
  lastMessageSender: ifReadable(field('last-message-sender', jid)),
  lastMessageBody: ifReadable(field('last-message-body')),
})

/**
 * What has happened, in figures (XEP-0357 §7, §11.3): how many messages and how many requests to be a contact wait, and
 * sender and text of the last message; servers leave out what they like. In XEP-0357's own examples the form has no type.
 */
export const PushSummary: ElementDef<PushSummary> = define<PushSummary>(
  NS_DATA_FORMS,
  ['x'],
  (value) => summary.build(value),
  (form) => summary.parse(form.with({ type: 'submit' })),
)
/** The value of the definition of the same name. */
export interface PushSummary {
  /** Messages that wait. */
  readonly messageCount?: number | undefined
  /** Requests to be a contact that wait. */
  readonly pendingSubscriptionCount?: number | undefined
  /** Who has sent the last message. */
  readonly lastMessageSender?: Jid | undefined
  /** Its text. */
  readonly lastMessageBody?: string | undefined
}

/** Only this form is the summary. Not malformed without one: what counts is that there is a notification. */
const onlySummary: OptionalField<PushSummary> = {
  ...optional(child(PushSummary)),
  parse: (notification) => notification.all(PushSummary)[0],
}

/** Everything that is not the summary. */
const additional: Field<readonly XmlElement[]> = {
  path: '/*',
  parse: (notification) => [...notification.elements()].filter((node) => !isSummary(node)),
  build: (elements, parts) => void parts.children.push(...elements),
}

const isSummary = (node: XmlElement): boolean => PushSummary.matches(node) && readElement(PushSummary, node).ok

/** A notification: that something has happened (XEP-0357 §7). */
export const PushNotification = element(NS_PUSH, 'notification', { summary: onlySummary, additional })
/** The value of the definition of the same name. */
export type PushNotification = Infer<typeof PushNotification>

/** The options by name, such as `{ secret: '…' }`: whatever the app server has asked for (XEP-0357 §5). */
export type PushOptions = Readonly<Record<string, string>>

/** @internal The form that carries options. @throws RangeError for a name that says what the form is */
export function optionsForm(options: PushOptions): DataForm {
  if (Object.hasOwn(options, 'FORM_TYPE')) throw new RangeError('an option cannot be called FORM_TYPE')
  const type: FormField = { var: 'FORM_TYPE', type: 'hidden', values: [NS_PUBLISH_OPTIONS], options: [] }
  const fields = Object.entries(options).map(([name, value]) => ({ var: name, values: [value], options: [] }))
  return { type: 'submit', instructions: [], fields: [type, ...fields], items: [] }
}

const Options: ElementDef<PushOptions> = define(
  NS_PUBSUB,
  ['publish-options'],
  (options) => xml(NS_PUBSUB, 'publish-options', {}, DataForm(optionsForm(options))),
  (node) => readOptions(node),
)

/** Like the summary, this form comes without a type, or with another one than it should have. */
function readOptions(node: XmlElement): PushOptions | Malformed {
  const form = node.child('x', NS_DATA_FORMS)
  if (form === undefined) return new Malformed('/x', 'is missing')
  const options: Record<string, string> = Object.create(null)
  for (const { var: name, values } of form.all(FormField)) {
    if (name === undefined) continue
    if (name in options) return new Malformed(`/x/field[${name}]`, 'occurs more than once')
    if (values[0] !== undefined) options[name] = values[0]
  }
  if (options.FORM_TYPE !== NS_PUBLISH_OPTIONS)
    return new Malformed('/x/field[FORM_TYPE]', `is not ${NS_PUBLISH_OPTIONS}`)
  delete options.FORM_TYPE
  return options
}

const Item = element(NS_PUBSUB, 'item', { notification: child(PushNotification) })
const Publish = element(NS_PUBSUB, 'publish', { node: attr('node'), items: children(Item) })

/** What a server sends to an app server (XEP-0357 §7). */
export const PushPublish = element(NS_PUBSUB, 'pubsub', { publish: child(Publish), options: optional(child(Options)) })
/** The value of the definition of the same name. */
export type PushPublish = Infer<typeof PushPublish>

/** A server notifies an app server (XEP-0357 §7). */
export const publishPush = iqSet(PushPublish)
