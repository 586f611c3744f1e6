import { readFileSync } from 'node:fs'
import { readElement, type XmlElement, xml } from '@couplet/stanza'
import { parseXml } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import { legacyVersion } from '../legacy/version.js'
import { omemo2Version } from '../omemo2/version.js'

interface Party {
  readonly bundle_xml: string
  readonly device_list_xml: string
}
interface Scenario {
  readonly ns: string
  readonly alice_ik_sign_bit: number
  readonly bob_ik_sign_bit: number
  readonly jids: { readonly alice: string; readonly bob: string }
  readonly initial: { readonly alice: Party; readonly bob: Party }
  readonly events: readonly {
    readonly encrypted_xml?: string
    readonly from?: 'alice' | 'bob'
    readonly to?: 'alice' | 'bob'
  }[]
}

const file = new URL('../../../../test-vectors/omemo/peers.json', import.meta.url)
const { scenarios } = JSON.parse(readFileSync(file, 'utf8')) as { readonly scenarios: readonly Scenario[] }
const versions = [omemo2Version, legacyVersion]

/** Without what some write and we do not: white space between elements, and the order of attributes. */
const tidy = (element: XmlElement): XmlElement =>
  xml(
    element.ns,
    element.name,
    Object.fromEntries([...element.attributes()].sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(element.children.some((node) => typeof node !== 'string') ? [...element.elements()].map(tidy) : [element.text]),
  )

describe.each(
  scenarios.map(
    (scenario) => [`${scenario.ns} ${scenario.alice_ik_sign_bit}${scenario.bob_ik_sign_bit}`, scenario] as const,
  ),
)('what python-omemo has written: %s', (_name, { ns, initial, events, jids }) => {
  const version = versions.find(({ namespace }) => namespace === ns) as (typeof versions)[number]

  test.each(['alice', 'bob'] as const)('the bundle and the list of %s are read, and written in the same way', (who) => {
    const [bundle, list] = [parseXml(initial[who].bundle_xml), parseXml(initial[who].device_list_xml)]
    const read = readElement(version.bundle(1).node.item, bundle)
    expect(read.ok && read.value.preKeys.keys.length).toBe(100)
    if (read.ok) expect(tidy(version.bundle(1).node.item.build(read.value)).equals(tidy(bundle))).toBe(true)
    const devices = readElement(version.devices.item, list)
    expect(devices.ok && devices.value.devices.length).toBe(1)
    if (devices.ok) expect(tidy(version.devices.item.build(devices.value)).equals(tidy(list))).toBe(true)
  })

  test('each message is read, and written in the same way', () => {
    const sent = events.filter((event) => event.encrypted_xml !== undefined)
    expect(sent.length).toBeGreaterThan(5)
    for (const { encrypted_xml: text = '', to = 'bob' } of sent) {
      const element = parseXml(text)
      const read = version.read(xml('jabber:client', 'message', {}, element))
      if (!read?.ok) throw new TypeError('it cannot be read')
      expect(read.value.keys.every(({ jid }) => jid === undefined || jid === jids[to])).toBe(true)
      expect(tidy(version.build(read.value)).equals(tidy(element))).toBe(true)
    }
  })
})
