import { memoryStore } from '@couplet/client'
import { type BareJid, Jid } from '@couplet/stanza'
import { type SeededRandom, seededRandom } from '@couplet/testing'
import type { Lab } from '../../src/lab.js'
import type { Account } from '../../src/lab-server.js'
import { liveTarget, type Target } from '../conformance/targets.js'
import { Device } from './device.js'
import { Diary } from './diary.js'
import { type Extra, extra } from './extra.js'

/** How many are in the room beside Alice and Bob. */
const extras = 18

/** Two people on two servers, with three devices, and a room: who they are, and how far the hour has come. */
export class Hour {
  /** The numbers that decide what happens. */
  readonly random: SeededRandom
  readonly room: BareJid
  /** Who fills the room, as long as they stay. */
  readonly extras: Extra[] = []
  readonly laptop: Device
  readonly bob: Device
  /** Alice's second device, while it is on. */
  phone: Device | undefined
  readonly #targets: readonly [Target, Target]
  readonly #switchPhoneOn: () => Promise<Device>
  #number = 0

  private constructor(
    seed: number,
    targets: readonly [Target, Target],
    room: BareJid,
    devices: readonly [Device, Device],
    phoneOn: () => Promise<Device>,
  ) {
    this.random = seededRandom(seed)
    this.#targets = targets
    this.room = room
    ;[this.laptop, this.bob] = devices
    this.#switchPhoneOn = phoneOn
  }

  /** Everybody has an account and is online; nobody knows anybody. @param host whose rooms there are: `0` Alice's server's */
  static async begin(lab: Lab, seed: number, host: 0 | 1): Promise<Hour> {
    const targets = [liveTarget(lab.server('p13')), liveTarget(lab.server('ej24'))] as const
    const [alice, bob] = (await Promise.all(targets.map((target) => target.createUser()))) as [Account, Account]
    const store = memoryStore()
    const diary = new Diary(Jid.parse(alice.jid).bare)
    const phoneOn = () => Device.on('phone', targets[0], alice, store, diary)
    const devices = await Promise.all([
      Device.on('laptop', targets[0], alice, memoryStore(), new Diary(Jid.parse(alice.jid).bare)),
      Device.on('bob', targets[1], bob, memoryStore(), new Diary(Jid.parse(bob.jid).bare)),
    ])
    const room = Jid.parse(`hour${seed}@rooms.${targets[host].domain}`).bare
    const hour = new Hour(seed, targets, room, devices, phoneOn)
    hour.phone = await phoneOn()
    return hour
  }

  /** The devices that are on. */
  get devices(): readonly Device[] {
    return [...this.alice, this.bob]
  }

  /** Alice's devices that are on. */
  get alice(): readonly Device[] {
    return this.phone === undefined ? [this.laptop] : [this.laptop, this.phone]
  }

  /** A text that nothing else has. */
  text(about: string): string {
    return `${++this.#number} ${about}`
  }

  /** Resolves when something holds on all devices that are on, or on those given. */
  async everywhere(what: string, holds: (device: Device) => boolean, devices = this.devices): Promise<void> {
    await Promise.all(devices.map((device) => device.until(what, () => holds(device))))
  }

  /** Resolves when a message is on all of them. */
  async heard(body: string): Promise<void> {
    await this.everywhere(body, ({ diary }) => diary.has(body))
  }

  /** The room becomes full, from both servers. */
  async fillRoom(): Promise<void> {
    const numbers = Array.from({ length: extras }, (_, i) => i)
    const enter = (i: number) => extra(this.#targets[i % 2 === 0 ? 0 : 1], this.room, `extra ${i}`)
    this.extras.push(...(await Promise.all(numbers.map(enter))))
    await this.everywhere('a full room', (device) => device.room(this.room).occupants.size === extras + 2)
  }

  /** The phone is switched off: its client is gone, and its store stays. */
  async switchPhoneOff(): Promise<void> {
    const { phone } = this
    this.phone = undefined
    await phone?.client.close()
  }

  /** It is back, with the rooms it was in; whoever waits for it counts it among the devices again. */
  async switchPhoneOn(): Promise<Device> {
    const phone = await this.#switchPhoneOn()
    await phone.enterRooms()
    return phone
  }
}
