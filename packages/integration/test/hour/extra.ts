import { muc, type Room } from '@couplet/muc'
import type { BareJid } from '@couplet/stanza'
import { openClient } from '../conformance/open-client.js'
import type { Target } from '../conformance/targets.js'

/** Somebody who is in the room to make it full. */
export interface Extra {
  readonly account: BareJid
  readonly room: Room
}

/** Has somebody new enter a room. */
export async function extra(target: Target, address: BareJid, nick: string): Promise<Extra> {
  const client = await openClient(target, { plugins: [muc()] })
  return { account: client.account, room: await client.muc.join(address, { nick, create: false }) }
}
