import type { InboundMessage } from '@couplet/client'
import { MessageReceiver, type ReceiverParts } from './sessions/message-receiver.js'
import { sharesFor } from './sessions/read-share.js'
import { failed, type MessageOrigin, type Received } from './sessions/receive-task.js'
import type { Version } from './wire/version.js'

/** Says what has become of each encrypted message, also of those in a version that is not in use (OMEMO F6). */
export class AnyReceiver extends MessageReceiver {
  readonly #all: readonly Version[]
  readonly #receiving: ReceiverParts

  /** @param all the versions there are */
  constructor(all: readonly Version[], parts: ReceiverParts) {
    super(parts)
    this.#all = all
    this.#receiving = parts
  }

  override async receive(message: InboundMessage, origin: MessageOrigin): Promise<Received | undefined> {
    return (await super.receive(message, origin)) ?? this.#unsupported(message, origin)
  }

  async #unsupported(message: InboundMessage, { from }: MessageOrigin): Promise<Received | undefined> {
    const { own, account } = this.#receiving
    const id = (await own.find())?.account.deviceId
    const [found] = this.#all.flatMap((version) => {
      const read = version.read(message.element)
      return read === undefined ? [] : [{ name: version.name, parts: read.ok ? read.value : undefined }]
    })
    const { name, parts } = found ?? {}
    if (name === undefined) return undefined
    // Somebody may have sent what we can read in a message of its own.
    const isForOthers = id !== undefined && parts && sharesFor(parts, account().toString(), id).length === 0
    if (from === undefined || !isForOthers) return failed('unsupported', undefined)
    const device = { jid: from.bare.toString(), deviceId: parts.sid, version: name }
    return { outcome: { status: 'not-for-this-device', device } }
  }
}
