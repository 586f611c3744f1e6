import { seededRandom } from '@couplet/testing'
import { describe, expect, test } from 'vitest'
import type { CryptoBackend } from '../../../omemo/src/crypto/backend.js'
import { nobleBackend } from '../../../omemo/src/crypto/backend-noble.js'
import { platformBackend } from '../../../omemo/src/crypto/backend-node.js'
import { BareDevice, type Contact, type Plain } from './bare-device.js'
import { NS_LEGACY, type Version, versions } from './elements.js'
import { type Log, logOf } from './log.js'
import { type PythonDriver, PythonError, startPython, whyNoPython } from './python-driver.js'
import type { Hooks, OpenDevice, PythonDecrypted } from './python-protocol.js'
import { Road } from './road.js'

const listOf = (version: Version, id: number): string =>
  version === NS_LEGACY
    ? `<list xmlns='${version}'><device id='${id}'/></list>`
    : `<devices xmlns='${version}'><device id='${id}'/></devices>`

/** How both begin. */
interface PairOptions extends Partial<OpenDevice> {
  /** The sign bit of our identity key. */
  readonly signBit?: 0 | 1
  readonly backend?: CryptoBackend
}

/** Our cryptography and python-omemo as each other's contact; nothing between them but function calls. */
const pair = async (
  driver: PythonDriver,
  version: Version,
  { signBit = 0, backend = platformBackend, ...options }: PairOptions = {},
) => {
  const ours = new BareDevice(version, backend, signBit)
  const jid = 'romeo@python.example'
  const empty: Log<string> = logOf()
  let bundle = ''
  const hooks: Hooks = {
    publish_bundle: async (value) => {
      bundle = value.xml
    },
    fetch_bundle: async () => String(ours.bundle),
    delete_bundle: async () => {},
    publish_list: async () => {},
    fetch_list: async (value) => (value.jid === ours.jid ? listOf(version, ours.device) : undefined),
    send: async ({ xml }) => empty.add(xml),
  }
  const command = driver.peer(hooks)
  const { device } = await command('open', { jid, versions: [version], ...options })
  await command('refresh', { version, jid: ours.jid })
  const contact: Contact = { jid, device, bundle }
  return {
    ours,
    /** Empty messages from the other side, which has to send them somewhere. */
    empty,
    encrypt: (text: string): string => String(ours.encrypt(contact, text)),
    decrypt: (xml: string): Plain => ours.decrypt(xml),
    theirEncrypt: async (text: string): Promise<string> => {
      const { messages } = await command('encrypt', { to: [ours.jid], plaintexts: { [version]: text } })
      return messages[0]?.xml ?? ''
    },
    theirDecrypt: (xml: string): Promise<PythonDecrypted> => command('decrypt', { sender: ours.jid, xml }),
    theirRestart: async () => {
      const entries = await command('dump', {})
      await command('open', { jid, versions: [version], ...options, entries })
    },
  }
}

describe.skipIf(whyNoPython)(`our cryptography and python-omemo${whyNoPython}`, () => {
  const driver = startPython()
  const cases = Object.entries(versions).flatMap(([name, version]) =>
    ([0, 1] as const).map((signBit) => ({ name, version, signBit, backend: signBit ? platformBackend : nobleBackend })),
  )

  describe.each(cases)(
    'OMEMO A5 $name, sign bit $signBit of our identity, $backend.name',
    ({ version, signBit, backend }) => {
      test('a session that we begin', async () => {
        const { encrypt, decrypt, theirEncrypt, theirDecrypt, empty } = await pair(driver, version, {
          signBit,
          backend,
        })
        expect(await theirDecrypt(encrypt('one'))).toMatchObject({ plaintext: 'one', version })
        expect(await theirDecrypt(encrypt('two'))).toMatchObject({ plaintext: 'two' })
        expect(decrypt(await empty.until(() => true))).toEqual({ text: undefined, wasKeyExchange: false })
        expect(decrypt(await theirEncrypt('three'))).toEqual({ text: 'three', wasKeyExchange: false })
        const withoutExchange = encrypt('four')
        expect(withoutExchange).not.toMatch(/kex|prekey/)
        expect(await theirDecrypt(withoutExchange)).toMatchObject({ plaintext: 'four' })
      })

      test('a session that they begin', async () => {
        const { encrypt, decrypt, theirEncrypt, theirDecrypt } = await pair(driver, version, { signBit, backend })
        expect(decrypt(await theirEncrypt('one'))).toEqual({ text: 'one', wasKeyExchange: true })
        expect(decrypt(await theirEncrypt('two'))).toEqual({ text: 'two', wasKeyExchange: true })
        expect(await theirDecrypt(encrypt('three'))).toMatchObject({ plaintext: 'three' })
        expect(decrypt(await theirEncrypt('four'))).toEqual({ text: 'four', wasKeyExchange: false })
      })
    },
  )

  describe.each(Object.entries(versions))('%s', (_, version) => {
    test.each([
      { seed: 1, backend: nobleBackend },
      { seed: 2, backend: platformBackend },
    ])('OMEMO A2 200 messages in random order, both ways, $backend.name', async ({ seed, backend }) => {
      const random = seededRandom(seed)
      const { encrypt, decrypt, theirEncrypt, theirDecrypt, theirRestart, empty } = await pair(driver, version, {
        backend,
      })
      if (seed % 2) decrypt(await theirEncrypt('hello'))
      else await theirDecrypt(encrypt('hello'))
      if (seed % 2) await theirDecrypt(encrypt('hello'))
      else decrypt(await theirEncrypt('hello'))
      const [there, back] = [new Road<string>(random), new Road<string>(random)]
      for (let round = 1; round <= 10; round++) {
        for (let n = 0; n < 10; n++) {
          there.add(`there ${round} ${n}`, encrypt(`there ${round} ${n}`))
          back.add(`back ${round} ${n}`, await theirEncrypt(`back ${round} ${n}`))
        }
        for (const { text, message } of there.take(round === 10)) {
          expect((await theirDecrypt(message)).plaintext).toBe(text)
        }
        for (const { text, message } of back.take(round === 10)) {
          expect(decrypt(message).text).toBe(text)
          expect(() => decrypt(message)).toThrow(expect.objectContaining({ code: 'replayed' }))
        }
        if (round % 3 === 0) await theirRestart()
      }
      for (const xml of empty.all) expect(decrypt(xml).text).toBeUndefined()
    })

    test('OMEMO A4 the last message of a chain whose length they announce too low', async () => {
      const options = { announces_last_index: true }
      const { encrypt, decrypt, theirEncrypt, theirDecrypt } = await pair(driver, version, options)
      decrypt(await theirEncrypt('hello'))
      for (let turn = 0; turn < 4; turn++) {
        await theirDecrypt(encrypt(`turn ${turn}`))
        const chain = [await theirEncrypt('first'), await theirEncrypt('second'), await theirEncrypt('last')]
        expect(decrypt(String(chain[0])).text).toBe('first')
        await theirDecrypt(encrypt(`again ${turn}`))
        expect(decrypt(await theirEncrypt('next chain')).text).toBe('next chain')
        expect(decrypt(String(chain[2])).text).toBe('last')
        expect(decrypt(String(chain[1])).text).toBe('second')
      }
    })

    test('they refuse what was changed on the way, and so do we; the session goes on', async () => {
      const { encrypt, decrypt, theirEncrypt, theirDecrypt } = await pair(driver, version)
      decrypt(await theirEncrypt('hello'))
      await theirDecrypt(encrypt('hello'))
      const broken = (xml: string): string =>
        xml.replace(/(<(?:\w+:)?key [^>]*>.{40})(.)/, (_, a, b) => a + (b === 'A' ? 'B' : 'A'))
      const [sent, received] = [encrypt('one'), await theirEncrypt('two')]
      await expect(theirDecrypt(broken(sent))).rejects.toThrow(PythonError)
      expect(() => decrypt(broken(received))).toThrow(expect.objectContaining({ name: 'OmemoError' }))
      expect((await theirDecrypt(sent)).plaintext).toBe('one')
      expect(decrypt(received).text).toBe('two')
    })
  })
})
