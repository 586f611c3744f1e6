import type { CallOptions } from '@couplet/client'
import type { Bookmark } from './bookmark.js'
import type { Bookmarks } from './bookmarks.js'
import { NS_MUC } from './elements.js'

/** Rooms that are entered at the same time. */
const atOnce = 5

/** Options of {@link joinBookmarked}. */
export interface JoinBookmarkedOptions extends CallOptions {
  /** Which; default those with {@link Bookmark.autojoin}. */
  readonly where?: ((bookmark: Bookmark) => boolean) | undefined
  /** How many at most; default 50. */
  readonly max?: number | undefined
  /** What to be called where the bookmark does not say. */
  readonly nick?: string | undefined
}

/** What became of a bookmark: we are in its room, were not let in, were at the limit, or its address is not of a room. */
export type JoinOutcome<Room> =
  | { readonly bookmark: Bookmark; readonly state: 'joined'; readonly room: Room }
  | { readonly bookmark: Bookmark; readonly state: 'failed'; readonly error: unknown }
  | { readonly bookmark: Bookmark; readonly state: 'skipped' }
  | { readonly bookmark: Bookmark; readonly state: 'not a room' }

/**
 * Enters the rooms that the user wants to be in, a few at a time: `await joinBookmarked(client)`. Rejects only when it is
 * aborted; a room that does not let us in is an outcome. Rooms that do not exist are not made, and who does not say that
 * they are a room gets no presence.
 *
 * @throws RangeError if `max` is not a natural number
 */
export async function joinBookmarked<Room>(
  { bookmarks, muc }: { readonly bookmarks: Pick<Bookmarks, 'all'>; readonly muc: JoiningMuc<Room> },
  { where = ({ autojoin }) => autojoin, max = 50, nick, signal }: JoinBookmarkedOptions = {},
): Promise<readonly JoinOutcome<Room>[]> {
  if (!Number.isSafeInteger(max) || max < 0) throw new RangeError('max is a natural number')
  const wanted = [...bookmarks.all.values()].filter(where)
  const outcomes = wanted.map((bookmark): JoinOutcome<Room> => ({ bookmark, state: 'skipped' }))
  const queue = wanted.slice(0, max).entries()
  const work = async (): Promise<void> => {
    for (const [i, bookmark] of queue) {
      signal?.throwIfAborted()
      outcomes[i] = await enter(muc, bookmark, { nick: bookmark.nick ?? nick, signal })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return outcomes
}

/** As much of `client.muc` as is needed. */
export interface JoiningMuc<Room> {
  /** See `Muc.info`. */
  info(room: Bookmark['jid'], options: CallOptions): Promise<{ readonly features: ReadonlySet<string> }>
  /** See `Muc.join`. */
  join(
    room: Bookmark['jid'],
    options: CallOptions & {
      readonly nick?: string | undefined
      readonly password?: string | undefined
      readonly create?: boolean | undefined
    },
  ): Promise<Room>
}

async function enter<Room>(
  muc: JoiningMuc<Room>,
  bookmark: Bookmark,
  options: Pick<JoinBookmarkedOptions, 'nick' | 'signal'>,
): Promise<JoinOutcome<Room>> {
  try {
    const { jid, password } = bookmark
    // A person would get our presence, and their own makes them look like a room (S-151).
    if (!(await muc.info(jid, { signal: options.signal })).features.has(NS_MUC))
      return { bookmark, state: 'not a room' }
    return { bookmark, state: 'joined', room: await muc.join(jid, { ...options, password, create: false }) }
  } catch (error) {
    options.signal?.throwIfAborted()
    return { bookmark, state: 'failed', error }
  }
}
