import type { DiscoInfo } from '@couplet/disco'
import { DataForm, type FormField, type FormFieldType } from '@couplet/forms'
import type { XmlElement } from '@couplet/stanza'
import { describe, expect, test } from 'vitest'
import { checkCaps } from './check-caps.js'
import { octetOrder } from './octet-order.js'
import { verificationString } from './verification-string.js'

const field = (name: string, values: readonly string[], type?: FormFieldType): FormField => ({
  var: name,
  type,
  values,
  options: [],
})

const form = (type: string, ...fields: readonly FormField[]): XmlElement =>
  DataForm({
    type: 'result',
    instructions: [],
    fields: [field('FORM_TYPE', [type], 'hidden'), ...fields],
    items: [],
  })

const features = ['caps', 'disco#info', 'disco#items', 'muc'].map((name) => `http://jabber.org/protocol/${name}`)

/** XEP-0115 §5.2. */
const exodus: DiscoInfo = {
  identities: [{ category: 'client', type: 'pc', name: 'Exodus 0.9.1' }],
  features,
  forms: [],
}

/** XEP-0115 §5.3. */
const psi: DiscoInfo = {
  identities: [
    { lang: 'en', category: 'client', name: 'Psi 0.11', type: 'pc' },
    { lang: 'el', category: 'client', name: '\u03a8 0.11', type: 'pc' },
  ],
  features,
  forms: [
    form(
      'urn:xmpp:dataforms:softwareinfo',
      field('ip_version', ['ipv6', 'ipv4'], 'text-multi'),
      field('software_version', ['0.11']),
      field('os', ['Mac']),
      field('os_version', ['10.5.1']),
      field('software', ['Psi']),
    ),
  ],
}

const announced = (info: DiscoInfo, hash = 'sha-1') => ({ hash, ver: verificationString(info, hash) })

describe('the verification string', () => {
  test('of the examples', () => {
    expect(verificationString(exodus)).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=')
    expect(verificationString(psi)).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=')
  })

  test('does not depend on the order', () => {
    const shuffled = { ...psi, identities: [...psi.identities].reverse(), features: [...features].reverse() }
    expect(verificationString(shuffled)).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=')
  })

  test('sorts by bytes, not by the units of JavaScript', () => {
    expect(['\ufb01', '\u{1f600}', 'b', 'a', 'aa', 'é'].sort(octetOrder)).toEqual([
      'a',
      'aa',
      'b',
      'é',
      '\ufb01',
      '\u{1f600}',
    ])
  })

  test('by other hash functions, and not by unknown ones', () => {
    expect(verificationString(exodus, 'sha-256')).toHaveLength(44)
    expect(() => verificationString(exodus, 'md5')).toThrow(RangeError)
  })
})

describe('S-152 an answer (XEP-0115 §5.4)', () => {
  test.each(['sha-1', 'sha-256', 'sha-384', 'sha-512'])('with the announced %s is verified', (hash) => {
    expect(checkCaps(exodus, announced(exodus, hash))).toBe('verified')
    expect(checkCaps(psi, announced(psi, hash))).toBe('verified')
    expect(checkCaps(psi, announced(exodus, hash))).toBe('mismatch')
  })

  test.each([undefined, 'md5', 'constructor', 'SHA-1'])('with the hash %s is not', (hash) => {
    expect(checkCaps(exodus, { hash, ver: verificationString(exodus) })).toBe('unknown-hash')
  })

  const software = form('urn:xmpp:dataforms:softwareinfo')
  test.each<[string, Partial<DiscoInfo>]>([
    ['an identity', { identities: [...psi.identities, ...psi.identities.slice(1)] }],
    ['a feature', { features: [...features, ...features.slice(1)] }],
    ['a kind of form', { forms: [software, software] }],
  ])('that says %s twice is ill-formed', (_what, part) => {
    const info = { ...psi, ...part }
    expect(checkCaps(info, announced(info))).toBe('ill-formed')
  })

  test('with a form of several types is ill-formed, of one type twice is not', () => {
    const several = (types: readonly string[]): DiscoInfo => {
      const fields = [field('FORM_TYPE', types, 'hidden')]
      return { ...exodus, forms: [DataForm({ type: 'result', instructions: [], fields, items: [] })] }
    }
    const [type, other] = ['urn:xmpp:dataforms:softwareinfo', 'urn:xmpp:dataforms:other']
    expect(checkCaps(several([type, other]), announced(several([type])))).toBe('ill-formed')
    expect(checkCaps(several([type, type]), announced(several([type])))).toBe('verified')
  })

  test('is verified without the forms that do not count', () => {
    const fields = [field('FORM_TYPE', ['urn:xmpp:dataforms:x']), field('os', ['Mac'])]
    const notHidden = DataForm({ type: 'result', instructions: [], fields, items: [] })
    const untyped = DataForm({ type: 'result', instructions: [], fields: fields.slice(1), items: [] })
    const broken = untyped.with({ type: 'nonsense' })
    expect(checkCaps({ ...exodus, forms: [notHidden, untyped, broken] }, announced(exodus))).toBe('verified')
  })
})

describe('S-152 a forged answer with the hash of another one', () => {
  const forged = (info: DiscoInfo, genuine = exodus): void => {
    expect(verificationString(info)).toBe(verificationString(genuine))
    expect(checkCaps(info, announced(genuine))).toBe('ambiguous')
  }

  test('by a border inside a feature', () => {
    const [first, second, ...rest] = features
    forged({ ...exodus, features: [`${first}<${second}`, ...rest] })
  })

  test('by a feature that is said to be an identity', () => {
    const [first, ...rest] = features
    expect(first).toBe('http://jabber.org/protocol/caps')
    const identity = { category: 'http:', type: '', lang: 'jabber.org', name: 'protocol/caps' }
    forged({ ...exodus, identities: [...exodus.identities, identity], features: rest })
  })

  test('by an identity that is said to be a feature', () => {
    forged({ ...exodus, identities: [], features: ['client/pc//Exodus 0.9.1', ...features] })
    const [, english] = [...psi.identities].reverse()
    const rest = psi.identities.filter((identity) => identity !== english)
    expect(rest[0]?.lang).toBe('el')
    forged({ ...psi, identities: rest, features: ['client/pc/en/Psi 0.11', ...features] }, psi)
  })

  test('by features that are said to be a form', () => {
    const [a, b, c, d] = features as [string, string, string, string]
    forged({ ...exodus, features: [a, b], forms: [form(c, field(d, []))] })
    forged({ ...exodus, features: [a], forms: [form(b, field(c, [d]))] })
    forged({ ...exodus, features: [], forms: [form(a, field(b, [c, d]))] })
  })

  test('by features that are said to be a form before the real one', () => {
    const [a, b, c, d] = features as [string, string, string, string]
    forged({ ...psi, features: [a, b], forms: [form(c, field(d, [])), ...psi.forms] }, psi)
  })

  test('a form nobody knows is fine, if it cannot have been a feature', () => {
    const odd = { ...exodus, forms: [form('a:form')] }
    expect(checkCaps(odd, announced(odd))).toBe('verified')
  })
})
