import {
  attr,
  type Codec,
  child,
  children,
  type ElementParts,
  element,
  type Field,
  flag,
  type Infer,
  iqSet,
  type OptionalField,
  oneOf,
  optional,
  tagged,
  text,
  type XmlElement,
} from '@couplet/stanza'

/** The namespace of commands, the feature of entities that have some, and the node where they are listed (XEP-0050 §2.2). */
export const NS_COMMANDS = 'http://jabber.org/protocol/commands'

/** What a requester wants of a command: `execute` is what the stage takes for its default (XEP-0050 §4.1). */
export type CommandRequestAction = 'cancel' | 'complete' | 'execute' | 'next' | 'prev'

/** How far a command is; `completed` says nothing about success (XEP-0050 §4.1). */
export type CommandStatus = 'canceled' | 'completed' | 'executing'

/** How serious a note is (XEP-0050 §4.3). */
export type CommandNoteType = 'error' | 'info' | 'warn'

const knownNoteType: Codec<CommandNoteType> = oneOf('error', 'info', 'warn')
/** A note of another kind is a note all the same. */
const noteType: Codec<CommandNoteType> = {
  ...knownNoteType,
  decode: (name) => knownNoteType.decode(name) ?? 'info',
}

/** A note for people about a stage of a command; without a type it is `info` (XEP-0050 §4.3). */
export const CommandNote = element(NS_COMMANDS, 'note', { type: optional(attr('type', noteType)), text: text() })
/** The value of the definition of the same name. */
export type CommandNote = Infer<typeof CommandNote>

/** What a stage allows, and which of it `execute` stands for (XEP-0050 §4.2). */
export const CommandActions = element(NS_COMMANDS, 'actions', {
  /** As it was sent: a name that is not allowed makes no default (XEP-0050 §3.4). */
  execute: optional(attr('execute')),
  prev: flag('prev'),
  next: flag('next'),
  complete: flag('complete'),
})
/** The value of the definition of the same name. */
export type CommandActions = Infer<typeof CommandActions>

/** Everything of other namespaces, the most important first: forms, addresses of `jabber:x:oob` (XEP-0050 §3.5). */
const payload: Field<readonly XmlElement[]> = {
  path: '/*',
  parse: (command) => [...command.elements()].filter(({ ns }) => ns !== command.ns),
  build: (elements, parts: ElementParts) => void parts.children.push(...elements),
}

/** The language of the whole request counts, too (XEP-0050 §3.7). */
const language: OptionalField<string> = { ...optional(attr('xml:lang')), parse: ({ lang }) => lang }

const asked = {
  sessionId: optional(attr('sessionid')),
  lang: language,
  payload,
}

/** Executes a command, or goes on with one: the session says which (XEP-0050 §4.1). A status is ignored. */
export const CommandRequest = element(NS_COMMANDS, 'command', {
  action: optional(attr('action', oneOf<CommandRequestAction>('cancel', 'complete', 'execute', 'next', 'prev'))),
  node: attr('node'),
  ...asked,
})
/** The value of the definition of the same name. */
export type CommandRequest = Infer<typeof CommandRequest>

/** The answer: where the command is now (XEP-0050 §4.1). An action is ignored. */
export const CommandResult = element(NS_COMMANDS, 'command', {
  node: attr('node'),
  sessionId: optional(attr('sessionid')),
  status: optional(attr('status', oneOf<CommandStatus>('canceled', 'completed', 'executing'))),
  lang: language,
  actions: optional(child(CommandActions)),
  notes: children(CommandNote),
  payload,
})
/** The value of the definition of the same name. */
export type CommandResult = Infer<typeof CommandResult>

/** Why a request was refused, more exactly than the condition of the stanza error (XEP-0050 §4.4). */
export const CommandCondition = tagged(
  NS_COMMANDS,
  'bad-action',
  'bad-locale',
  'bad-payload',
  'bad-sessionid',
  'malformed-action',
  'session-expired',
)
/** The value of the definition of the same name. */
export type CommandCondition = Infer<typeof CommandCondition>

/** Executes a command, or goes on with one (XEP-0050 §2.4). */
export const executeCommand = iqSet(CommandRequest, CommandResult)

/**
 * The same as it is read for an answer: an action nobody knows has an answer of its own (XEP-0050 §4.4), and what is
 * broken must not make the answer to a stranger another one than that of a missing resource.
 *
 * @internal
 */
export const answerCommand = iqSet(
  element(NS_COMMANDS, 'command', { action: optional(attr('action')), node: optional(attr('node')), ...asked }),
  CommandResult,
)
/** @internal What {@link answerCommand} reads. */
export type AnyCommandRequest = Infer<typeof answerCommand.request>
