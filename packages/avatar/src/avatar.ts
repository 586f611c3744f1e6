import type { CallOptions, Handled, Plugin, Subscription } from '@couplet/client'
import type { Disco } from '@couplet/disco'
import type { Pep, PepAccess } from '@couplet/pep'
import { Jid } from '@couplet/stanza'
import { AnnouncedAvatars } from './announced-avatars.js'
import { AvatarCache } from './avatar-cache.js'
import { type AvatarImage, checkImage } from './avatar-image.js'
import { AvatarLookup } from './avatar-lookup.js'
import { AvatarPublisher } from './avatar-publisher.js'
import { AvatarWatch } from './avatar-watch.js'
import { unlessAborted } from './unless-aborted.js'

/** Somebody has another avatar, or none any more. */
export interface AvatarChange {
  /** Who says so of themselves: an account or a room by its bare JID, an occupant of a room by the full one. */
  readonly jid: Jid
  /** SHA-1 of the new one as they announce it; `undefined` if there is none, or if they do not say which. */
  readonly hash: string | undefined
  /** Gets it, as {@link Avatar.of} does; nothing is fetched before. */
  load(options?: CallOptions): Promise<AvatarImage | undefined>
}

/** Options of {@link Avatar.publish}. */
export interface AvatarPublishOptions extends CallOptions {
  /**
   * Who can see it: `presence` (default), the contacts who see our presence; `open`, everybody, also in rooms, where others
   * can find out by it who we are (XEP-0398 §9).
   */
  readonly access?: PepAccess | undefined
}

/** What `client.avatar` offers. */
export interface Avatar {
  /**
   * The avatar of an account, a room, or an occupant of a room by the full JID; `undefined` if there is none, or none that we
   * may see. Fetched only if it is not in the cache; checked in any case.
   *
   * @throws AvatarError if it is too large, no image of a known type, or another one than was announced
   * @throws StanzaError if it cannot be found out
   */
  of(jid: Jid | string, options?: CallOptions): Promise<AvatarImage | undefined>
  /**
   * Publishes the own avatar: a PNG, JPEG, GIF or WebP of up to 96 KiB; returns its hash.
   *
   * @throws AvatarError if it is none; then nothing was sent
   * @throws PepError if the server does not guarantee who can see it; then nobody else can
   * @throws StanzaError if the server refuses for another reason
   */
  publish(bytes: Uint8Array, options?: AvatarPublishOptions): Promise<string>
  /**
   * Removes the own avatar, from everywhere where it was published.
   *
   * @throws StanzaError if the server refuses
   */
  remove(options?: CallOptions): Promise<void>
  /**
   * Calls the handler when somebody announces another avatar, or none: also for the first time, with the presence of each. Only
   * while there is a handler, servers are asked to tell what contacts publish: call this before `online()`.
   */
  onChange(handler: (change: AvatarChange) => Handled): Subscription
}

/** The plugin: avatars of accounts, rooms and occupants, wherever they are kept (XEP-0084, XEP-0153, XEP-0398). */
export function avatar(): Plugin<'avatar', Avatar, { pep: Pep; disco: Disco }> {
  return {
    name: 'avatar',
    needs: { pep: true, disco: true },
    setup(context) {
      const announced = new AnnouncedAvatars()
      const cache = new AvatarCache(
        () => context.store,
        (error) => context.reportError(error),
      )
      const lookup = new AvatarLookup(context, announced, cache)
      const publisher = new AvatarPublisher(context)
      const watch = new AvatarWatch(context, announced)
      const of: Avatar['of'] = async (jid, { signal } = {}) => {
        signal?.throwIfAborted()
        return unlessAborted(lookup.find(typeof jid === 'string' ? Jid.parse(jid) : jid), signal)
      }
      return {
        of,
        async publish(bytes, { access = 'presence', signal } = {}) {
          const image = checkImage(bytes)
          await publisher.publish(image, access, { signal })
          await cache.add(image)
          return image.hash
        },
        remove: (options = {}) => publisher.remove(options),
        onChange: (handler) =>
          watch.onChange(({ jid, hash }) => handler({ jid, hash, load: (options) => of(jid, options) })),
      }
    },
  }
}
