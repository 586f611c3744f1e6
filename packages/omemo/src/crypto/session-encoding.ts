import { OmemoError } from '../omemo-error.js'
import { crc32 } from './crc32.js'
import type { ExchangeHeader } from './profile.js'
import type { PastChain, ReceivingChain, SendingChain, Session, SkippedKey } from './session.js'

/** Raised whenever the layout changes; what is newer is refused, never overwritten. */
const layout = 1
const profiles = ['legacy', 'omemo2'] as const
const flag = { initiator: 1, exchange: 2, registration: 4, sending: 8, receiving: 16 }

class RecordWriter {
  #bytes: Uint8Array
  #view: DataView
  #at = 0

  constructor(length: number) {
    this.#bytes = new Uint8Array(length)
    this.#view = new DataView(this.#bytes.buffer)
  }

  byte(value: number): void {
    this.#view.setUint8(this.#at++, value)
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#at, value)
    this.#at += 4
  }

  bytes(value: Uint8Array): void {
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  chain(chain: PastChain): void {
    this.bytes(chain.ratchetKey)
    this.uint32(chain.next)
    this.uint32(chain.expired)
    this.uint32(chain.skipped.length)
    for (const { n, messageKey } of chain.skipped) {
      this.uint32(n)
      this.bytes(messageKey)
    }
  }

  /** What was written, and its checksum. */
  finish(): Uint8Array {
    const written = this.#at
    this.uint32(crc32(this.#bytes.subarray(0, written)))
    const record = this.#bytes.slice(0, this.#at)
    this.#bytes.fill(0)
    return record
  }
}

class RecordReader {
  #at = 0
  readonly #view: DataView

  constructor(readonly data: Uint8Array) {
    this.#view = new DataView(data.buffer, data.byteOffset, data.length)
  }

  #advance(length: number): number {
    const at = this.#at
    this.#at += length
    if (this.#at > this.data.length) throw new OmemoError('corrupt-record')
    return at
  }

  get isAtEnd(): boolean {
    return this.#at === this.data.length
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  bytes(length: number): Uint8Array {
    const at = this.#advance(length)
    return this.data.slice(at, at + length)
  }

  chain(): PastChain {
    const ratchetKey = this.bytes(32)
    const next = this.uint32()
    const expired = this.uint32()
    const skipped: SkippedKey[] = []
    for (let left = this.uint32(); left > 0; left--) skipped.push({ n: this.uint32(), messageKey: this.bytes(32) })
    return { ratchetKey, next, expired, skipped }
  }
}

function sizeOf({ receiving, past }: Session): number {
  const chains = receiving ? [...past, receiving] : past
  return chains.reduce((sum, chain) => sum + 80 + 36 * chain.skipped.length, 512)
}

/** The session as bytes with version and checksum: about 300, 80 for each chain, 36 for each skipped key. They are secret. */
export function encodeSession(session: Session): Uint8Array {
  const { exchange, sending, receiving } = session
  const writer = new RecordWriter(sizeOf(session))
  writer.byte(layout)
  writer.byte(profiles.indexOf(session.profile))
  writer.byte(
    (session.initiator ? flag.initiator : 0) |
      (exchange ? flag.exchange : 0) |
      (exchange?.registrationId !== undefined ? flag.registration : 0) |
      (sending ? flag.sending : 0) |
      (receiving ? flag.receiving : 0),
  )
  writer.bytes(session.ownIdentity)
  writer.bytes(session.remoteIdentity)
  writer.bytes(session.ephemeralKey)
  writer.bytes(session.ratchet.publicKey)
  writer.bytes(session.ratchet.privateKey)
  writer.bytes(session.rootKey)
  writer.uint32(session.previousLength)
  if (exchange) {
    writer.uint32(exchange.preKeyId)
    writer.uint32(exchange.signedPreKeyId)
    if (exchange.registrationId !== undefined) writer.uint32(exchange.registrationId)
  }
  for (const chain of [sending, receiving]) if (chain) writer.bytes(chain.chainKey)
  if (sending) writer.uint32(sending.next)
  if (receiving) writer.chain(receiving)
  writer.byte(session.past.length)
  for (const chain of session.past) writer.chain(chain)
  return writer.finish()
}

/** The bytes without their checksum. A newer layout is told apart before the checksum, which it may have elsewhere. */
function checkedBody(record: Uint8Array): Uint8Array {
  const [version = 0] = record
  if (version > layout) throw new OmemoError('newer-record')
  if (version < layout || record.length < 5) throw new OmemoError('corrupt-record')
  const body = record.subarray(0, -4)
  const sum = new DataView(record.buffer, record.byteOffset + body.length, 4).getUint32(0)
  if (crc32(body) !== sum) throw new OmemoError('corrupt-record')
  return body
}

function readExchange(reader: RecordReader, flags: number, ephemeralKey: Uint8Array): ExchangeHeader | undefined {
  if ((flags & flag.exchange) === 0) return undefined
  const preKeyId = reader.uint32()
  const signedPreKeyId = reader.uint32()
  const registrationId = (flags & flag.registration) === 0 ? undefined : reader.uint32()
  return { preKeyId, signedPreKeyId, ephemeralKey, registrationId }
}

function readChains(reader: RecordReader, flags: number) {
  const sendingKey = (flags & flag.sending) === 0 ? undefined : reader.bytes(32)
  const receivingKey = (flags & flag.receiving) === 0 ? undefined : reader.bytes(32)
  const sending: SendingChain | undefined = sendingKey && { chainKey: sendingKey, next: reader.uint32() }
  const receiving: ReceivingChain | undefined = receivingKey && { chainKey: receivingKey, ...reader.chain() }
  const past: PastChain[] = []
  for (let left = reader.byte(); left > 0; left--) past.push(reader.chain())
  return { sending, receiving, past }
}

/** Reads what `encodeSession` wrote. Throws `newer-record` or `corrupt-record`. */
export function decodeSession(record: Uint8Array): Session {
  const reader = new RecordReader(checkedBody(record))
  reader.byte()
  const profile = profiles[reader.byte()]
  if (!profile) throw new OmemoError('corrupt-record')
  const flags = reader.byte()
  const identityLength = profile === 'legacy' ? 33 : 32
  const ownIdentity = reader.bytes(identityLength)
  const remoteIdentity = reader.bytes(identityLength)
  const ephemeralKey = reader.bytes(32)
  const ratchet = { publicKey: reader.bytes(32), privateKey: reader.bytes(32) }
  const rootKey = reader.bytes(32)
  const previousLength = reader.uint32()
  const exchange = readExchange(reader, flags, ephemeralKey)
  const session: Session = {
    profile,
    initiator: (flags & flag.initiator) !== 0,
    ownIdentity,
    remoteIdentity,
    ephemeralKey,
    exchange,
    ratchet,
    rootKey,
    previousLength,
    ...readChains(reader, flags),
  }
  if (!reader.isAtEnd) throw new OmemoError('corrupt-record')
  return session
}
