import type { CallOptions, InboundMessage, Plugin, PluginContext, SendHandle } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import type { Roster } from '@couplet/roster'
import { type BareJid, type Jid, type Message, message, type XmlElement } from '@couplet/stanza'
import { NS_STANZA_ID, trustedStanzaId } from '@couplet/stanza-id'
import { Displayed, Markable, NS_MARKERS } from './elements.js'

/** What {@link markers} does in rooms. */
export interface MarkersRoomOptions {
  /**
   * Whether a message of a room is marked, also if it does not ask for it; never say so for the own ones, which the room
   * sends back. Default: none.
   */
  readonly rooms?: (message: Message) => boolean
}

/** Options of {@link markers}. */
export interface MarkersOptions extends MarkersRoomOptions {
  /**
   * Who is told what has been displayed, of those who ask: a marker tells that we are here, and read (XEP-0333 §7).
   * Default: nobody.
   */
  readonly answer?: (from: Jid, message: Message) => boolean
}

/** Options of {@link markers} that take the answer from the roster. */
export interface MarkersRosterOptions extends MarkersRoomOptions {
  /** The contacts who may see our presence are told. */
  readonly answer: 'contacts'
}

/** What `client.markers` offers. `onDisplayed` tells what others have seen. */
export interface Markers {
  /**
   * Tells its sender, or the room, that everything up to this message has been displayed: call it for the last of several.
   * Resolves with `undefined` if nothing was sent: because nobody has asked for it, or may know, or the message cannot be
   * marked, such as an own one, or one of a room that assigns no ids.
   *
   * @throws StanzaError if a room does not tell whether it assigns ids
   */
  displayed(message: Message, options?: CallOptions): Promise<SendHandle | undefined>
}

/** The plugin {@link markers}, which tells the contacts who may see our presence. */
export function markers(options: MarkersRosterOptions): Plugin<'markers', Markers, { disco: Disco; roster: Roster }>
/** The plugin: tells those who are allowed to know what has been displayed (XEP-0333). */
export function markers(options?: MarkersOptions): Plugin<'markers', Markers, { disco: Disco }>
export function markers(
  options: MarkersOptions | MarkersRosterOptions = {},
): Plugin<'markers', Markers, { disco: Disco; roster: Roster }> {
  const { answer, rooms } = options
  return {
    name: 'markers',
    // Who never tells does not invite others to ask.
    features: answer === undefined && rooms === undefined ? [] : [NS_MARKERS],
    needs: { disco: true, ...(answer === 'contacts' && { roster: true }) } as { disco: true; roster: true },
    setup(context) {
      const mayKnow = answer === 'contacts' ? (from: Jid) => seesUs(context.roster, from) : answer
      const hasIds = idsOfRooms(context)
      return {
        async displayed(original, { signal } = {}) {
          signal?.throwIfAborted()
          if (original.type === 'groupchat') return markInRoom(context, original, rooms, (room) => hasIds(room, signal))
          const { id, from } = original
          if (!id || from === undefined || !asks(original) || isOwn(context, from)) return undefined
          return mayKnow?.(from, original) === true ? tell(context, original, from, Displayed({ id })) : undefined
        },
      }
    },
  }
}

/** XEP-0333 §4.2: a marker is not answered with one. XEP-0333 §5: who does not ask is not told. */
function asks(original: Message): boolean {
  if (original.type === 'error' || [...original.element.elements()].some(Displayed.matches)) return false
  return original.get(Markable) !== undefined
}

const isOwn = ({ account }: PluginContext, from: Jid): boolean => from.bare.equals(account)

async function markInRoom(
  context: PluginContext,
  original: Message,
  mark: MarkersRoomOptions['rooms'],
  hasIds: (room: BareJid) => Promise<boolean>,
): Promise<SendHandle | undefined> {
  const { from } = original
  const isMarker = [...original.element.elements()].some(Displayed.matches)
  // What the room says itself, such as its subject, is nobody's message.
  if (from?.resource === undefined || isMarker || mark?.(original) !== true) return undefined
  const room = from.bare
  const id = trustedStanzaId(original, room)
  if (id === undefined || !(await hasIds(room))) return undefined
  return tell(context, original, room, Displayed({ id }))
}

/** In kind, and from the address that the message was sent to: a component has many. */
function tell(context: PluginContext, original: Message, to: Jid, marker: XmlElement): SendHandle {
  if ('reply' in original) return (original as InboundMessage).reply({}, marker)
  const { type, thread } = original // one that was kept, and not received just now
  return context.send(message({ to, type, thread }, marker))
}

/** Anyone can send messages that look like those of ever more rooms. */
const manyRooms = 1000

/** XEP-0359 §6: only rooms that say so remove ids that others have forged. Asked once in a session for each room. */
function idsOfRooms(context: PluginContext & { readonly disco: Disco }) {
  const known = new Map<string, boolean>()
  context.onSession(() => known.clear())
  return async (room: BareJid, signal: AbortSignal | undefined): Promise<boolean> => {
    const name = room.toString()
    const has = known.get(name) ?? (await context.disco.supports(room, NS_STANZA_ID, { signal }))
    if (known.size >= manyRooms) known.clear()
    known.set(name, has)
    return has
  }
}

function seesUs(roster: Roster, from: Jid): boolean {
  const subscription = roster.get(from)?.subscription
  return subscription === 'from' || subscription === 'both'
}
