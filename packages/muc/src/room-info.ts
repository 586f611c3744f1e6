import type { CallOptions, PluginContext } from '@couplet/client'
import { getDiscoInfo } from '@couplet/disco'
import { findForm } from '@couplet/forms'
import type { BareJid } from '@couplet/stanza'
import { NS_OCCUPANT_ID, RoomInfoForm } from './elements.js'

/** What a room tells everybody who asks (XEP-0045 §6.4). */
export interface RoomInfo {
  /** What it is called. */
  readonly name: string | undefined
  /** What it is for. */
  readonly description: string | undefined
  /** The language spoken there. */
  readonly lang: string | undefined
  /** How many are there now. */
  readonly occupants: number | undefined
  /** What they are talking about. */
  readonly subject: string | undefined
  /** Only members may enter. */
  readonly isMembersOnly: boolean
  /** Only who has voice may speak. */
  readonly isModerated: boolean
  /** Everybody sees the real addresses of everybody. */
  readonly isNonAnonymous: boolean
  /** A password is needed. */
  readonly isPasswordProtected: boolean
  /** It outlives its last occupant. */
  readonly isPersistent: boolean
  /** It is not listed. */
  readonly isHidden: boolean
  /** It assigns occupant identifiers (XEP-0421). */
  readonly assignsOccupantIds: boolean
  /** All its features. */
  readonly features: ReadonlySet<string>
}

/** Asks a room what it is. @throws StanzaError if it does not say, `item-not-found` if there is none */
export async function askRoom(context: PluginContext, room: BareJid, { signal }: CallOptions = {}): Promise<RoomInfo> {
  const { identities, features: list, forms } = await context.request(getDiscoInfo, {}, { to: room, signal })
  const features = new Set(list)
  const form = findForm(forms, RoomInfoForm)
  const identity = identities.find(({ category }) => category === 'conference')
  return {
    name: identity?.name,
    description: form?.description,
    lang: form?.lang,
    occupants: form?.occupants,
    subject: form?.subject,
    isMembersOnly: features.has('muc_membersonly'),
    isModerated: features.has('muc_moderated'),
    isNonAnonymous: features.has('muc_nonanonymous'),
    isPasswordProtected: features.has('muc_passwordprotected'),
    isPersistent: features.has('muc_persistent'),
    isHidden: features.has('muc_hidden'),
    assignsOccupantIds: features.has(NS_OCCUPANT_ID),
    features,
  }
}
