import { randomBytes } from 'node:crypto'
import type { Client } from '@couplet/client'
import type { Muc, Room } from '@couplet/muc'
import type { Target } from '../conformance/targets.js'

type Member = Pick<Client, 'account'> & { readonly muc: Muc }

/** A room for members only, where all see who the others are, with all of these in it; the first owns it. */
export const privateRoom = async (target: Target, [owner, ...members]: readonly Member[]): Promise<readonly Room[]> => {
  if (owner === undefined) throw new TypeError('a room has an owner')
  const address = `r${randomBytes(6).toString('hex')}@rooms.${target.domain}`
  const settings = { isMembersOnly: true, whois: 'anyone', isPersistent: true } as const
  const rooms = [await owner.muc.create(address, { nick: 'owner', settings })]
  for (const [index, { account, muc }] of members.entries()) {
    await rooms[0]?.setAffiliation(account, 'member')
    rooms.push(await muc.join(address, { nick: `member ${index}` }))
  }
  return rooms
}
