import type { Caps } from '@couplet/caps'
import type { Client } from '@couplet/client'
import type { ContactPresence } from '@couplet/presence'

type Befriended = Pick<Client, 'account' | 'jid'> & { readonly presence: ContactPresence; readonly caps: Caps }

/** Resolves when one has the presence of the other, and what it announces. */
export const arrived = ({ presence, caps }: Befriended, other: Befriended): Promise<void> =>
  new Promise((resolve) => {
    const check = (): void => {
      if (presence.of(other.account).length > 0 && caps.announced(other.jid) !== undefined) resolve()
    }
    presence.onChange(check)
    check()
  })

/**
 * Both see the presence of each other. A server tells those about events whose capabilities it has seen, and it sees them
 * when it passes on their presence.
 */
export const befriend = async (one: Befriended, other: Befriended): Promise<void> => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const request = new Promise<void>((resolve) => {
      to.presence.onRequest((each) => {
        each.approve()
        resolve()
      })
    })
    from.presence.subscribe(to.account)
    await request
  }
  await Promise.all([arrived(one, other), arrived(other, one)])
}
