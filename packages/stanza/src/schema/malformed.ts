import { XmppError } from '../error.js'

/** Why an element does not fit its definition; kept cheap, because a peer can send as many as it likes. */
export class Malformed {
  /** Where, below the element: `/x/field[with]` or `@id`. */
  readonly path: string
  /** What is wrong there, in words for a developer. */
  readonly problem: string

  constructor(path: string, problem: string) {
    this.path = path
    this.problem = problem
  }

  /** The same problem seen from one level up. */
  within(step: string): Malformed {
    return new Malformed(`/${step}${this.path}`, this.problem)
  }
}

/** The peer broke the schema: an element that is there but does not have the shape of its definition. */
export class MalformedElementError extends XmppError {
  /** The name of the class, also across copies of the package. */
  override readonly name = 'MalformedElementError'
  readonly code = 'malformed-element'
  readonly retry = 'no'
  /** The path to the offending part, for example `query/x/field[with]` or `received@id`. */
  readonly path: string
  /** What is wrong there. Never contains what the peer sent. */
  readonly problem: string

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`)
    this.path = path
    this.problem = problem
  }
}
