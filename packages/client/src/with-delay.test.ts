import { expect, test } from 'vitest'
import { withDelay } from './with-delay.js'

const stamp = new Date('2026-01-02T03:04:05Z')
const delay = `<delay xmlns='urn:xmpp:delay' stamp='2026-01-02T03:04:05Z'/>`

test.each([
  [`<message to='a'/>`, `<message to='a'>${delay}</message>`],
  [`<message><body>x</body></message>`, `<message><body>x</body>${delay}</message>`],
  [`<message><active xmlns='x'/></message>`, `<message><active xmlns='x'/>${delay}</message>`],
  ['<message><body>$& $1</body></message>', `<message><body>$& $1</body>${delay}</message>`],
  [`<message><body>&lt;/message></body></message>`, `<message><body>&lt;/message></body>${delay}</message>`],
])('R-027 %s says when it was sent first, once', (text, expected) => {
  expect(withDelay(text, stamp)).toBe(expected)
  expect(withDelay(withDelay(text, stamp), new Date())).toBe(expected)
})
