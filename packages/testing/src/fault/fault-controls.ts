/** `up` is from the client to the server, `down` from the server to the client. */
export type FaultDirection = 'up' | 'down'

/** How a connection is cut: without a word (TCP's RST), or by an orderly end in the middle of whatever it was (FIN). */
export type CutKind = 'reset' | 'end'

/** What one direction of a connection does to what passes. */
export interface LineSettings {
  /** Milliseconds until it arrives. */
  readonly latency: number
  /** Milliseconds by which the latency differs at most, both ways. */
  readonly jitter: number
  /** The most bytes that arrive in one piece. */
  readonly split: number
  /** The most bytes that arrive in a second. */
  readonly rate: number
  /** Whether nothing arrives. */
  readonly stalled: boolean
  /** Whether what is sent while it is stalled is lost. */
  readonly drop: boolean
  /** Whether the sender gets rid of anything. */
  readonly reading: boolean
}

/** A direction without faults. */
export const calm: LineSettings = {
  latency: 0,
  jitter: 0,
  split: Number.POSITIVE_INFINITY,
  rate: Number.POSITIVE_INFINITY,
  stalled: false,
  drop: false,
  reading: true,
}

/** A cut that has not happened yet. */
export interface PendingCut {
  /** Bytes that still pass before. */
  left: number
  readonly direction: FaultDirection | undefined
  readonly how: CutKind
}

/** Options of {@link FaultControls.cutAfter}. */
export interface CutOptions {
  /** Whose bytes count; default both. */
  readonly direction?: FaultDirection
  /** How it is cut; default `reset`. */
  readonly how?: CutKind
}

/** Faults of one connection, or of all of them and those to come. Without a direction, a fault is for both. */
export abstract class FaultControls {
  /** @internal The cuts that have not happened yet. */
  readonly cuts: PendingCut[] = []

  /**
   * Lets so many more bytes pass and then cuts the connection, in the middle of whatever they are part of. On all
   * connections together: whichever carries the last of these bytes is cut, and no other.
   *
   * @throws RangeError for a number of bytes that is not a whole one
   */
  cutAfter(bytes: number, { direction, how = 'reset' }: CutOptions = {}): void {
    check('bytes', bytes, 0)
    this.cuts.push({ left: Math.trunc(bytes), direction, how })
  }

  /** Cuts at once; what is on its way is lost. */
  abstract cutNow(how?: CutKind): void

  /**
   * Delays what passes, each way. What was sent first still arrives first.
   *
   * @param jitter milliseconds more or less, at random by the seed
   * @throws RangeError for less than nothing
   */
  latency(ms: number, jitter = 0, direction?: FaultDirection): void {
    check('latency', ms, 0)
    check('jitter', jitter, 0)
    this.change({ latency: ms, jitter }, direction)
  }

  /** Makes it arrive in pieces of so many bytes. Frames are not divided. @throws RangeError for less than one */
  split(bytes: number, direction?: FaultDirection): void {
    check('bytes', bytes, 1)
    this.change({ split: Math.trunc(bytes) }, direction)
  }

  /** Lets no more bytes pass in a second. @throws RangeError for less than one */
  rate(bytesPerSecond: number, direction?: FaultDirection): void {
    check('rate', bytesPerSecond, 1)
    this.change({ rate: bytesPerSecond }, direction)
  }

  /**
   * A black hole: takes what is sent and delivers nothing, not even that the sender is gone. What was sent arrives after
   * {@link resume}; with `drop` it is lost, as no real TCP connection loses it.
   */
  stall(direction?: FaultDirection, { drop = false }: { readonly drop?: boolean } = {}): void {
    this.change({ stalled: true, drop }, direction)
  }

  /** The receiver reads no more: what is sent stays with the sender, who learns what back-pressure is. */
  pauseReading(direction?: FaultDirection): void {
    this.change({ reading: false }, direction)
  }

  /** Ends what {@link stall} and {@link pauseReading} began. */
  resume(direction?: FaultDirection): void {
    this.change({ stalled: false, drop: false, reading: true }, direction)
  }

  /** Takes back every fault; what was held or delayed arrives at once. */
  heal(): void {
    this.cuts.length = 0
    this.change(calm)
  }

  /** @internal Applies to both directions, if none is given. */
  abstract change(settings: Partial<LineSettings>, direction?: FaultDirection): void
}

function check(name: string, value: number, least: number): void {
  if (!(value >= least)) throw new RangeError(`${name}: not a number from ${least}`)
}
