import { expect, test } from 'vitest'
import { auditWire } from './wire-audit.js'

const sm = "xmlns='urn:xmpp:sm:3'"
const record = (...lines: string[]) => {
  const log = lines.map((line) => ({
    by: line.startsWith('C') ? ('client' as const) : ('server' as const),
    text: line.slice(2),
  }))
  const received = log.flatMap(({ by, text }) => (by === 'server' ? [text] : [])).join('')
  return { sent: '', received, endpoints: [], log }
}

test('counts by itself what a server has taken, over resumed sessions and new ones', () => {
  const { acknowledged, unanswered, overtaken } = auditWire(
    record(
      "C <iq type='set' id='bind'/>",
      `S <enabled ${sm} id='x'/>`,
      "C <iq type='get' id='q1'><query/></iq>",
      'C <presence/>',
      "C <message type='chat' to='x@example.org' id='m1'><body>1</body></message>",
      `S <a ${sm} h='`,
      `S 2'/><message><n xmlns='urn:couplet:soak' value='7'/></message>`,
      "S <message><n value='9' xmlns='urn:couplet:soak'/></mess",
      "C <iq type='get' id='q2'><query/></iq>",
      "S <stream:stream xmlns='jabber:client'>",
      `S <success><resumed previd='x' h='2' ${sm}/></success><message><n value='5' xmlns='urn:couplet:soak'/></message>`,
      "S <message><n value='6' xmlns='urn:couplet:soak'/></message>",
      "C <message type='chat' to='x@example.org' id='m1'><body>1</body></message>",
      "C <iq type='get' id='q2'><query/></iq>",
      `S <iq type='result' id='q2'/><a h='4' ${sm}/><message><n xmlns='urn:couplet:soak' value='8'/></message>`,
      `S <enabled ${sm} id='y'/>`,
      "C <message type='chat' to='x@example.org' id='m2'><body>2</body></message>",
    ),
  )
  expect([...acknowledged]).toEqual(['q1', '', 'm1', 'q2'])
  expect([unanswered, [...overtaken]]).toEqual([['q1'], [5, 6]])
})

test('a server cannot have taken what was not sent', () => {
  expect(() => auditWire(record(`S <enabled ${sm}/>`, "C <presence id='p'/>", `S <a ${sm} h='2'/>`))).toThrow('h is 2')
})
