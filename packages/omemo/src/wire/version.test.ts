import { parseXml } from '@couplet/testing'
import { expect, test } from 'vitest'
import { legacyVersion } from '../legacy/version.js'
import { omemo2Version } from '../omemo2/version.js'

const bytes = Uint8Array.of(1, 2, 3)

test.each([legacyVersion, omemo2Version])(
  '$name: a message without it, a broken one, and one that was written',
  (version) => {
    const stanza = (inner: string) => parseXml(`<message xmlns='jabber:client'>${inner}</message>`)
    expect(version.read(stanza('<body>hi</body>'))).toBeUndefined()
    expect(version.read(stanza(`<encrypted xmlns='${version.namespace}'/>`))?.ok).toBe(false)
    const keys = ['a@a.example', 'b@b.example', 'a@a.example'].map((jid, index) => {
      return { jid, rid: index + 1, isKeyExchange: index === 1, bytes }
    })
    const written = version.build({ sid: 5, keys, iv: new Uint8Array(12), payload: bytes })
    const read = version.read(stanza(String(written)))
    expect(read?.ok && [read.value.sid, read.value.payload]).toEqual([5, bytes])
    // In omemo:2 they are grouped by account, in 0.3 they are nobody's.
    const found = read?.ok ? read.value.keys.map(({ jid, rid, isKeyExchange }) => [jid, rid, isKeyExchange]) : []
    expect(found).toEqual(
      version.name === 'omemo2'
        ? [
            ['a@a.example', 1, false],
            ['a@a.example', 3, false],
            ['b@b.example', 2, true],
          ]
        : [
            [undefined, 1, false],
            [undefined, 2, true],
            [undefined, 3, false],
          ],
    )
  },
)
