import type { EmitOmemoEvent } from '../omemo-event.js'
import type { DeviceListValue, VersionName } from '../wire/version.js'
import type { Announcer } from './announcer.js'
import { BackOff } from './back-off.js'
import type { Clock } from './clock.js'
import type { OwnAccount, OwnDevice } from './own-account.js'
import { preKeyCount, untilRotation } from './own-keys.js'

/** What keeps this device announced. */
export interface OwnPresenceParts {
  /** Who. */
  readonly own: OwnAccount
  /** One per version in use. */
  readonly announcers: readonly Announcer[]
  /** The ids on the own lists of versions that are not in use: those are taken as well (XEP-0384 §6). */
  readonly otherIds: () => Promise<readonly number[]>
  /** Time. */
  readonly clock: Clock
  /** Where events go. */
  readonly emit: EmitOmemoEvent
  /** Reports what nobody waits for. */
  readonly report: (error: unknown) => void
  /** What the user calls this device. */
  readonly label: string | undefined
}

/** At least so long between two publications of the bundle, whoever uses its keys up (OMEMO S21); milliseconds. */
const bundlePause = 15_000
/** The longest a timer is set for: the platform's ends at 2³¹ milliseconds. */
const longestTimer = 24 * 3600 * 1000

/** Keeps this device announced: bundles fresh, lists complete. One thing at a time. */
export class OwnPresence {
  readonly #parts: OwnPresenceParts
  #work: Promise<unknown> = Promise.resolve()
  #isActive = false
  #cancelRotation: () => void = () => {}
  #cancelRefill: (() => void) | undefined
  #refilledAt = Number.NEGATIVE_INFINITY
  readonly #repairs = new Map<VersionName, BackOff>()
  #isHeld = false

  constructor(parts: OwnPresenceParts) {
    this.#parts = parts
  }

  /** Makes the device if there is none, and announces it; resolves with it when others can write to it. */
  enable(): Promise<OwnDevice> {
    this.#isActive = true
    return this.#inTurn(async () => {
      const { own, announcers, label, otherIds } = this.#parts
      await own.setDisabled(false)
      for (const announcer of announcers) announcer.reset()
      const lists = await Promise.all(announcers.map((announcer) => announcer.list()))
      const known = await own.find()
      const taken = new Set(lists.flatMap((list) => list?.devices.map(({ id }) => id) ?? []))
      const device = known ?? (await own.create(new Set([...taken, ...(await otherIds())]), label))
      await this.#publish(device, [...taken])
      return device
    })
  }

  /** Takes this device out of the lists, and its bundles away, until it is enabled again. Sessions and keys stay. */
  async disable(): Promise<void> {
    this.stop()
    await this.#inTurn(async () => {
      await this.#parts.own.setDisabled(true)
      const device = await this.#parts.own.find()
      if (device === undefined) return
      for (const announcer of this.#parts.announcers) await announcer.withdraw(device)
    })
  }

  /** Becomes another device of the same identity. */
  async renumber(): Promise<void> {
    const ids = await this.takenIds()
    const { own } = this.#parts
    try {
      // Meanwhile another tab must not put it back.
      await this.disable()
      await own.renumber(ids)
    } finally {
      await own.setDisabled(false)
    }
    await this.enable()
  }

  /** The ids on our own lists, in all versions. */
  async takenIds(): Promise<ReadonlySet<number>> {
    const { announcers, otherIds } = this.#parts
    const lists = await Promise.all(announcers.map((announcer) => announcer.list()))
    return new Set([...lists.flatMap((list) => list?.devices.map(({ id }) => id) ?? []), ...(await otherIds())])
  }

  /** Nothing is done by itself any more. */
  stop(): void {
    this.#isActive = false
    this.#cancelRotation()
    this.#cancelRefill?.()
    this.#cancelRefill = undefined
    for (const backOff of this.#repairs.values()) backOff.cancel()
  }

  /** Our own list was announced: if we are not on it, we are again soon (OMEMO F7). */
  async noticeList(version: VersionName, { devices }: DeviceListValue): Promise<void> {
    const device = await this.#parts.own.find()
    const announcer = this.#parts.announcers.find((each) => each.version.name === version)
    if (!this.#isActive || device === undefined || announcer === undefined || announcer.isUnsuitable) return
    if (devices.some(({ id }) => id === device.account.deviceId)) return
    const backOff = this.#repairs.get(version) ?? new BackOff(this.#parts.clock)
    this.#repairs.set(version, backOff)
    backOff.schedule(() => this.#background((now) => this.#repair(announcer, now)))
  }

  async #repair(announcer: Announcer, device: OwnDevice): Promise<void> {
    const { published } = await this.#parts.own.keys()
    // Without its bundle it is no use to anybody: whoever has made it is still about to announce it.
    if (published[announcer.version.namespace] !== undefined) await announcer.publishList(device)
  }

  /** A prekey was used: there is another one soon (XEP-0384 §5.6), but not more often than servers like (OMEMO S21). */
  noticeUsedPreKey(left: number): void {
    const { clock, emit } = this.#parts
    emit({ type: 'prekeys-low', left })
    if (!this.#isActive || this.#isHeld || this.#cancelRefill !== undefined) return
    const wait = Math.max(0, this.#refilledAt + bundlePause - clock.now())
    this.#cancelRefill = clock.after(wait, () => {
      this.#cancelRefill = undefined
      this.refresh()
    })
  }

  /** While catching up nothing is published: one publication at its end is enough. */
  hold(): void {
    this.#isHeld = true
    this.#cancelRefill?.()
    this.#cancelRefill = undefined
  }

  /** The catch-up is over. */
  async release(): Promise<void> {
    this.#isHeld = false
    if ((await this.#parts.own.find()) === undefined) return
    const { preKeys, retained } = await this.#parts.own.keys()
    if (preKeys.length < preKeyCount || retained.length > 0) this.refresh()
  }

  /** Fills up, rotates if it is due, and publishes. */
  refresh(): void {
    if (!this.#isActive) return
    this.#background((device) => this.#publish(device, []))
  }

  /** Another signed prekey now. */
  rotate(): Promise<void> {
    return this.#inTurn(async () => {
      const { own } = this.#parts
      await own.rotate()
      if (!(await own.isDisabled())) await this.#publish(await own.get(), [])
    })
  }

  async #publish(device: OwnDevice, taken: readonly number[]): Promise<void> {
    const { own, announcers, clock } = this.#parts
    const keys = await own.maintain()
    this.#refilledAt = clock.now()
    this.#scheduleRotation(untilRotation(keys, clock.now()))
    const siblings = taken.filter((id) => id !== device.account.deviceId)
    const replaced = await Promise.all(
      announcers.map(async (announcer) => {
        const isThere = await announcer.publishBundle(device, keys, siblings)
        if (isThere) await announcer.publishList(device)
        return isThere || keys.published[announcer.version.namespace] === undefined
      }),
    )
    // As long as a bundle offers them others may take them (OMEMO F2).
    if (this.#isHeld || replaced.includes(false)) return
    await own.forgetRetained(new Set(keys.retained.map(({ id }) => id)))
  }

  #scheduleRotation(delay: number): void {
    this.#cancelRotation()
    this.#cancelRotation = this.#parts.clock.after(Math.min(delay, longestTimer), () => this.refresh())
  }

  /** With the device as it is then: another tab may have made another one of it, or may have disabled it. */
  #background(work: (device: OwnDevice) => Promise<unknown>): void {
    this.#inTurn(async () => {
      const { own } = this.#parts
      const device = this.#isActive && !(await own.isDisabled()) ? await own.find() : undefined
      if (device !== undefined) await work(device)
    }).catch((error: unknown) => {
      // Without a connection there is another session, which begins with all of this.
      if ((error as { readonly name?: string }).name !== 'ConnectionError') this.#parts.report(error)
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(work)
    this.#work = turn.catch(() => {})
    return turn
  }
}
