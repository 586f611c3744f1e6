import { MalformedElementError, StanzaError, type StanzaErrorCondition, StreamError } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import {
  after,
  attempt,
  backoff,
  clock,
  connection,
  judging,
  said,
  soon,
  spread,
  stop,
  verdicts,
} from '../test/judged.js'
import { AuthenticationError } from './authentication-error.js'
import { Backoff } from './backoff.js'

judging()

describe('what may happen only so often', () => {
  test('errors in our XML: 3 in 5 min, however long the connections last, then it stops', () => {
    for (const condition of ['bad-format', 'not-well-formed', 'restricted-xml']) {
      expect(after(70_000, said(condition))).toMatchObject({ kind: 'retry' })
    }
    expect(after(70_000, said('invalid-xml'))).toEqual(stop('protocol'))
    clock.now += 300_000
    expect(after(0, said('invalid-xml'))).toMatchObject({ kind: 'retry' })
  })

  test.each([
    ['improper-addressing', 'invalid-from', 'protocol'],
    ['not-authorized', 'not-authorized', 'authentication'],
  ])('%s: once, then it stops, unless a connection has lasted for 60 s', (first, second, reason) => {
    expect(after(0, said(first))).toMatchObject({ kind: 'retry' })
    expect(after(59_999, said(second))).toEqual(stop(reason))
    expect(after(60_000, said(first))).toMatchObject({ kind: 'retry' })
    expect(after(1000, said(second))).toEqual(stop(reason))
  })

  test('the user may begin again', () => {
    after(0, said('invalid-from'))
    verdicts.reset()
    expect(after(0, said('invalid-from'))).toMatchObject({ kind: 'retry' })
  })

  test('not-authorized before we were online is final', () => {
    expect(attempt(said('not-authorized'))).toEqual(stop('authentication'))
    after(1000, connection('session', 'closed'))
    expect(attempt(said('not-authorized'))).toEqual(stop('authentication'))
  })

  test('a server whose negotiation cannot be read', () => {
    const error = new MalformedElementError('iq/bind', 'is missing')
    for (let time = 0; time < 3; time++) expect(attempt(error)).toEqual({ ...backoff, fresh: true })
    expect(attempt(error)).toEqual(stop('protocol'))
  })
})

describe('S-161 conflict', () => {
  const elsewhere = {
    kind: 'retry',
    delay: { min: 5000, max: 10_000 },
    firm: true,
    fresh: true,
    newResource: true,
  }
  const replaced = stop('replaced')

  test('R-018 the resource that the user chose: final at once', () => {
    expect(after(3_600_000, said('conflict'))).toEqual(replaced)
  })

  test('another resource: one new one an hour, whether the connection lasted or not', () => {
    const free = { fixedResource: false }
    expect(after(1000, said('conflict'), free)).toEqual(elsewhere)
    expect(after(120_000, said('conflict'), free)).toEqual(replaced)
    clock.now += 3_600_000
    expect(after(1000, said('conflict'), free)).toEqual(elsewhere)
  })

  test('while binding', () => {
    const conflict = new StanzaError({ condition: 'conflict' })
    expect(attempt(conflict)).toEqual(replaced)
    expect(attempt(conflict, { fixedResource: false })).toEqual(elsewhere)
    expect(attempt(conflict, { fixedResource: false })).toEqual(replaced)
  })

  test('while binding, when our own last connection may still hold the name: at least 60 s apart', () => {
    after(1000, connection('session', 'timeout'))
    const random = new Backoff({ random: () => 0 })
    for (let time = 0; time < 5; time++) {
      const verdict = attempt(new StanzaError({ condition: 'conflict' }))
      if (verdict.kind === 'stop') throw new Error('stopped')
      expect(random.next(verdict)).toBeGreaterThanOrEqual(60_000)
    }
  })
})

describe('a connection error', () => {
  test('R-015 a lost link: at once if there is something to resume, else back-off', () => {
    expect(after(1000, connection('session', 'closed'))).toEqual(soon)
    expect(after(1000, connection('session', 'timeout'))).toEqual(soon)
    // the server closed the stream, and the session with it.
    expect(after(1000, connection('session', 'closed'), { resumable: false })).toEqual(backoff)
  })

  test.each([
    ['dns', 'timeout'],
    ['tcp', 'refused'],
    ['tcp', 'unreachable'],
    ['stream', 'closed'],
    ['dns', 'not-found'],
    ['tls', 'tls-failed'],
    ['bind', 'unexpected-element'],
    ['tcp', 'no-endpoint'],
    ['session', 'unacknowledged'],
    ['session', 'refused-stanza'],
  ] as const)('of an attempt: %s %s', (phase, code) => {
    expect(attempt(connection(phase, code))).toEqual(backoff)
  })

  test.each([
    ['tls-required', 'configuration'],
    ['no-transport', 'configuration'],
    ['stopped', 'stopped'],
  ] as const)('R-018 %s is final', (code, reason) => {
    expect(attempt(connection('tls', code))).toEqual(stop(reason))
    expect(after(1000, connection('tls', code))).toEqual(stop(reason))
  })

  test.each(['certificate-expired', 'certificate-name', 'certificate-untrusted'] as const)(
    'R-018 %s: final at the first login, every 5 min after one',
    (code) => {
      expect(attempt(connection('tls', code))).toEqual(stop('certificate'))
      after(1000, connection('session', 'closed'))
      const random = new Backoff({ random: () => 0 })
      for (let time = 0; time < 20; time++) {
        const verdict = attempt(connection('tls', code))
        expect(verdict).toMatchObject({ firm: true })
        expect(verdict.kind === 'retry' && random.next(verdict)).toBeGreaterThanOrEqual(300_000)
      }
    },
  )
})

describe('what is said in the clear', () => {
  const clear = { secure: false, inTheClear: true }
  const errors = [
    connection('tls', 'tls-required'),
    new MalformedElementError('iq/bind', 'is missing'),
    new StreamError({ condition: 'unsupported-version' }),
    ...['host-unknown', 'host-gone', 'not-authorized', 'unsupported-version', 'conflict', 'not-well-formed'].map(
      (each) => said(each),
    ),
  ]

  test.each(errors.map((error) => [error.message, error] as const))(
    'S-001 R-018 %s: never final after we were online',
    (_, error) => {
      after(1000, connection('session', 'closed'))
      for (let time = 0; time < 9; time++)
        expect(attempt(error, clear)).toMatchObject({ kind: 'retry', delay: 'backoff' })
      expect(attempt(connection('tls', 'tls-required'), clear)).toEqual({ ...backoff, from: 60_000 })
    },
  )

  test('at the first login it is final as ever', () => {
    expect(attempt(connection('tls', 'tls-required'), clear)).toEqual(stop('configuration'))
    expect(attempt(said('host-unknown'), clear)).toEqual(stop('configuration'))
  })
})

describe('R-016 a server that turns us away after a session', () => {
  test.each([
    ['tcp', 'refused'],
    ['tcp', 'closed'],
    ['tls', 'closed'],
    ['websocket', 'closed'],
    ['stream', 'closed'],
    ['websocket', 'unreachable'],
  ] as const)('%s %s: we step back once, then back-off goes on', (phase, code) => {
    after(1000, connection('session', 'closed'))
    expect(attempt(connection(phase, code))).toEqual(spread)
    expect(attempt(connection(phase, code))).toEqual(backoff)
    after(1000, connection('session', 'closed'))
    expect(attempt(connection(phase, code))).toEqual(spread)
  })

  test('a polite shutdown was already that', () => {
    after(1000, said('system-shutdown'))
    expect(attempt(connection('tcp', 'refused'))).toEqual(backoff)
  })

  test.each([
    ['tcp', 'timeout'],
    ['tcp', 'unreachable'],
    ['dns', 'unreachable'],
    ['sasl', 'closed'],
  ] as const)('%s %s may be our own link', (phase, code) => {
    after(1000, connection('session', 'closed'))
    expect(attempt(connection(phase, code))).toEqual(backoff)
  })

  test('nor is a WebSocket that cannot be opened after the link died in silence', () => {
    after(1000, connection('session', 'timeout'))
    expect(attempt(connection('websocket', 'unreachable'))).toEqual(backoff)
  })
})

describe('a refused login', () => {
  const refused = (condition: string) => new AuthenticationError(condition)

  test('temporary-auth-failure passes', () => {
    expect(attempt(refused('temporary-auth-failure'))).toEqual(backoff)
  })

  test.each([
    'not-authorized',
    'account-disabled',
    'credentials-expired',
    'invalid-authzid',
    'malformed-request',
    'incorrect-encoding',
    'mechanism-too-weak',
    'encryption-required',
    'invalid-mechanism',
    'aborted',
    'server-signature',
    'channel-binding',
    'downgrade',
    'no-mechanism',
    'malformed',
    'something-new',
  ])('R-018 %s is final, also after we were online', (condition) => {
    expect(attempt(refused(condition))).toEqual(stop('authentication'))
    after(1000, connection('session', 'closed'))
    expect(attempt(refused(condition))).toEqual(stop('authentication'))
  })
})

describe('binding is refused', () => {
  test.each([
    ['resource-constraint', { ...backoff, from: 60_000 }],
    ['internal-server-error', backoff],
    ['remote-server-timeout', backoff],
    ['service-unavailable', backoff],
    ['undefined-condition', backoff],
    ['recipient-unavailable', backoff],
    ['bad-request', stop('configuration')],
    ['not-allowed', stop('configuration')],
    ['not-authorized', stop('configuration')],
  ] as const)('%s', (condition: StanzaErrorCondition, expected) => {
    expect(attempt(new StanzaError({ condition }))).toEqual(expected)
  })

  test('what the server says passes, passes', () => {
    expect(attempt(new StanzaError({ condition: 'not-allowed', type: 'wait' }))).toEqual(backoff)
  })
})

describe('other errors', () => {
  test('of ours: as they say themselves', () => {
    const sasl = Object.defineProperty(new AuthenticationError('x'), 'name', { value: 'SaslError' })
    expect(attempt(sasl)).toEqual(stop('configuration'))
  })

  test('of someone else, such as a password function: back-off', () => {
    expect(attempt(new TypeError('fetch failed'))).toEqual(backoff)
  })

  test('made by another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { name: 'ConnectionError', code: 'tls-required', phase: 'tls' })
    expect(attempt(foreign)).toEqual(stop('configuration'))
  })
})
