import { Ack, AckRequest, Enable, Enabled, Failed, NS_SM, Resume, Resumed, SmFeature } from '@couplet/client/elements'
import { type Infer, Jid, NS_STANZA_ERRORS, type StanzaErrorCondition, type XmlElement, xml } from '@couplet/stanza'
import type { LoopbackAccount, LoopbackSession } from './account.js'
import type { LoopbackHost, LoopbackModule } from './loopback-module.js'
import type { LoopbackStream } from './loopback-stream.js'
import { ManagedSession } from './managed-session.js'

/** How a loopback server manages streams (XEP-0198). */
export interface ManagementOptions {
  /** Whether sessions can be resumed; default true. */
  readonly resume?: boolean
  /** Seconds a session is kept when its connection breaks, at most; default 300. */
  readonly resumeSeconds?: number
  /** After how many stanzas the server asks the client how far it is; default 5. */
  readonly ackEvery?: number
  /** Whether the server still knows of a session that is over how much it had handled; default true. */
  readonly remembers?: boolean
  /** Where clients are told to come back to, as `host:port`. */
  readonly location?: string
}

/** The answer to `<resume/>`: the element, and if it went well what has to happen right after it was sent. */
export interface ResumptionOutcome {
  readonly element: XmlElement
  readonly session?: LoopbackSession
  readonly proceed?: () => void
}

interface Memory {
  readonly account: LoopbackAccount
  readonly h: number
}

/** More milliseconds than this, and a timer fires at once. */
const longestTimer = 2 ** 31 - 1

/** How many sessions that are over are remembered. */
const memoryLimit = 1000

/** Counts stanzas, keeps sessions whose connection broke, and lets clients resume them (XEP-0198). */
export class StreamManagement implements LoopbackModule {
  readonly name = 'stream management'
  readonly #options: Required<Omit<ManagementOptions, 'location'>>
  readonly #location: string | undefined
  readonly #managed = new Map<LoopbackSession, ManagedSession>()
  readonly #over = new Map<string, Memory>()
  #host!: LoopbackHost

  constructor({ location, ...options }: ManagementOptions = {}) {
    this.#options = { resume: true, resumeSeconds: 300, ackEvery: 5, remembers: true, ...options }
    this.#location = location
  }

  setup(host: LoopbackHost): void {
    this.#host = host
    host.streamFeature(({ session }) => (session && this.#managed.has(session) ? undefined : SmFeature()))
    host.onElement(Enable, (value, stream) => {
      const { session } = stream
      if (session === undefined) stream.send(failed('unexpected-request'))
      else if (this.#managed.has(session)) stream.close('policy-violation', 'stream management is on already')
      else stream.send(this.enable(session, value))
    })
    host.onElement(Resume, (value, stream) => {
      const { element, proceed } = this.resume(stream, value) ?? {}
      if (element !== undefined) stream.send(element)
      proceed?.()
    })
    host.bindFeature(NS_SM, Enable, (value, session) => this.enable(session, value))
    host.onElement(AckRequest, (_value, stream) => {
      const managed = this.#of(stream)
      if (managed !== undefined) stream.send(Ack({ h: managed.handled }))
    })
    host.onElement(Ack, ({ h }, stream) => {
      const managed = this.#of(stream)
      if (managed !== undefined && !managed.acknowledge(h)) this.#tooHigh(stream, managed, h)
    })
    host.onLost((session) => this.#keep(session))
    host.onEnd((session) => this.#ended(session))
  }

  /** Begins to count; returns the answer. */
  enable(session: LoopbackSession, { resume, max }: Infer<typeof Enable>): XmlElement {
    const isResumable = this.#options.resume && resume === true
    const seconds = Math.min(max ?? Number.POSITIVE_INFINITY, this.#options.resumeSeconds)
    const { ackEvery } = this.#options
    const id = isResumable ? crypto.randomUUID() : undefined
    const managed = new ManagedSession({ session, id, lifetime: seconds * 1000, ackEvery })
    this.#managed.set(session, managed)
    session.sink = managed
    return isResumable ? Enabled({ id, resume: true, max: seconds, location: this.#location }) : Enabled({})
  }

  /** Puts an old session on a new stream; `undefined` if the stream was closed because the client cannot count. */
  resume(stream: LoopbackStream, { previd, h }: Infer<typeof Resume>): ResumptionOutcome | undefined {
    if (stream.session !== undefined) return { element: failed('unexpected-request') }
    if (!this.#options.resume) return { element: failed('feature-not-implemented') }
    const managed = [...this.#managed.values()].find(({ id }) => id === previd)
    if (managed === undefined || managed.session.account !== stream.account) {
      const memory = this.#over.get(previd)
      return { element: failed('item-not-found', memory?.account === stream.account ? memory?.h : undefined) }
    }
    const { session } = managed
    if (!managed.acknowledge(h)) {
      this.#tooHigh(stream, managed, h)
      return undefined
    }
    clearTimeout(managed.expiry)
    const proceed = (): void => {
      const { stream: old } = session
      stream.session = session
      old?.close('conflict')
      managed.replay(Jid.parse(this.#host.domain))
    }
    return { element: Resumed({ previd, h: managed.handled }), session, proceed }
  }

  /** Makes sessions impossible to resume, without a trace: those that are kept end. */
  forget(isMeant: (session: LoopbackSession) => boolean): void {
    for (const managed of [...this.#managed.values()].filter(({ session }) => isMeant(session))) {
      managed.id = undefined
      if (managed.session.stream === undefined) this.#host.endSession(managed.session)
    }
  }

  /** Ends sessions that are kept, as if their time had come. */
  expire(isMeant: (session: LoopbackSession) => boolean): void {
    const kept = [...this.#managed.keys()].filter((session) => session.stream === undefined && isMeant(session))
    for (const session of kept) this.#host.endSession(session)
  }

  /** Knows of no session any more. */
  clear(): void {
    for (const { expiry } of this.#managed.values()) clearTimeout(expiry)
    this.#managed.clear()
    this.#over.clear()
  }

  #of({ session }: LoopbackStream): ManagedSession | undefined {
    return session && this.#managed.get(session)
  }

  #keep(session: LoopbackSession): boolean {
    const managed = this.#managed.get(session)
    if (managed?.id === undefined) return false
    managed.expiry = setTimeout(() => this.#host.endSession(session), Math.min(managed.lifetime, longestTimer))
    managed.expiry.unref?.() // the clock of a test may not have it
    return true
  }

  /** XEP-0198 §6: the client cannot have handled what it was not sent, and its session is over. */
  #tooHigh(stream: LoopbackStream, managed: ManagedSession, h: number): void {
    const { session, sent } = managed
    managed.id = undefined
    const detail = xml(NS_SM, 'handled-count-too-high', { h: String(h), 'send-count': String(sent) })
    stream.close('undefined-condition', `${h} acknowledged, ${sent} sent`, detail)
    if (session.stream === undefined) this.#host.endSession(session)
  }

  /** XEP-0198 §4: nobody will acknowledge what is left now. */
  #ended(session: LoopbackSession): void {
    const managed = this.#managed.get(session)
    if (managed === undefined) return
    clearTimeout(managed.expiry)
    this.#managed.delete(session)
    if (managed.id !== undefined && this.#options.remembers) {
      this.#over.set(managed.id, { account: session.account, h: managed.handled })
      if (this.#over.size > memoryLimit) this.#over.delete([...this.#over.keys()][0] as string)
    }
    for (const { stanza, stamp } of managed.unacked) this.#host.strand(stanza, session, stamp)
  }
}

/** XEP-0198 §6; `h` if it is known how far a session had come (§5). */
const failed = (condition: StanzaErrorCondition, h?: number): XmlElement =>
  Failed({ h }).with({}, xml(NS_STANZA_ERRORS, condition))
