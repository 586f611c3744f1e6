import { describe, expect, test, vi } from 'vitest'
import { countAnnotations } from '../build.mjs'
import { commentSnippets, markdownSnippets } from '../stages/snippets.mjs'
import { addTallies, printFailure, readFailures, readTally } from '../stages/tally.mjs'
import { countReport } from '../stages/tests.mjs'

describe('counting', () => {
  test('the last tally line of an output counts', () => {
    expect(readTally('text\nTALLY passed=1 failed=2 skipped=3\n')).toEqual({ passed: 1, failed: 2, skipped: 3 })
    expect(readTally('all fine\n')).toBeUndefined()
    expect(
      addTallies([
        { passed: 1, failed: 0 },
        { passed: 2, failed: 3, skipped: 1 },
      ]),
    ).toEqual({
      passed: 3,
      failed: 3,
      skipped: 1,
    })
  })

  test('a failed test is named in one line without colours, for the end of the log', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    printFailure('a.test.ts: is true', '\n\u001B[31mAssertionError: false\u001B[39m\n    at a.ts:1')
    const [[line]] = log.mock.calls as [[string]]
    expect(readFailures(`text\n${line}\nTALLY passed=1 failed=1 skipped=0\n`)).toEqual([
      'a.test.ts: is true: AssertionError: false',
    ])
  })

  const report = { numPassedTests: 2, numFailedTests: 0, numPendingTests: 1, success: true, testResults: [] }

  test('a test file that does not load is a failure, and so is an unhandled rejection', () => {
    const broken = { status: 'failed', assertionResults: [] }
    expect(countReport(report)).toEqual({ passed: 2, failed: 0, skipped: 1 })
    expect(countReport({ ...report, success: false })).toEqual({ passed: 2, failed: 1, skipped: 1 })
    expect(countReport({ ...report, success: false, testResults: [broken] })).toEqual({
      passed: 2,
      failed: 1,
      skipped: 1,
    })
  })
})

describe('snippets', () => {
  test('ts blocks keep their line numbers; other languages are left alone', () => {
    const text = '# T\n```sh\nls\n```\n```ts\nconst a = 1\n```\n'
    expect(markdownSnippets(text)).toEqual([{ line: 5, code: '\n\n\n\n\nconst a = 1' }])
  })

  test('a continued block belongs to the one before', () => {
    const text = '```ts\nconst a = 1\n```\ntext\n```ts continued\nconst b = a\n```\n'
    expect(markdownSnippets(text)).toEqual([{ line: 1, code: '\nconst a = 1\n\n\n\nconst b = a' }])
  })

  test('examples in doc comments', () => {
    const text = '/**\n * Says it.\n *\n * @example\n * ```ts\n * const a = 1\n * ```\n */\nexport const b = 2\n'
    expect(commentSnippets(text)).toEqual([{ line: 5, code: '\n\n\n\n\nconst a = 1' }])
  })
})

test('the overloads of one function carry one annotation', () => {
  const overloads =
    '/** @__NO_SIDE_EFFECTS__ */\nfunction a(): 1\n/** @__NO_SIDE_EFFECTS__ */\nfunction a() { return 1 }\n'
  expect(countAnnotations(`${overloads}const b = /* @__PURE__ */ a()\n`)).toBe(2)
})
