import { beforeEach, describe, expect, test } from 'vitest'
import { FixtureTree } from './fixture-tree.js'

let tree: FixtureTree

beforeEach(() => {
  tree = new FixtureTree()
})

const receipts = [{ number: 184, version: '1.4.0' }]
const index = (comment: string) => `/** ${comment} @module */\nexport { NS } from './elements.js'\n`

describe('package.json', () => {
  test.each([
    ['description', { description: '' }],
    ['license MIT', { license: 'ISC' }],
    ['sideEffects false', { sideEffects: true }],
    ['engines.node', { engines: {} }],
    ['files with dist', { files: ['src'] }],
    ['exports "."', { exports: { './package.json': './package.json' } }],
    ['exports into dist', { exports: { '.': './src/index.ts', './package.json': './package.json' } }],
    ['"xmpp": { "floor"', { xmpp: { floor: 7 } }],
    ['floor 3 and "private" disagree', { private: true }],
    ['bad "xeps" entry', { xmpp: { floor: 3, xeps: [{ number: '184' }] } }],
  ])('%s', (field, manifest) => {
    tree.add('wrong', { manifest })
    expect(tree.problems()).toContainEqual(
      expect.stringContaining(`package.json is complete: packages/wrong/package.json: ${field}`),
    )
  })
})

describe('README, module comment and metadata', () => {
  test.each([
    ['no README title', { 'README.md': 'text\n' }, 'README.md: no title'],
    ['title without the XEP', { 'README.md': '# Receipts\nXEP-0184\n' }, 'title does not say XEP-0184'],
    ['comment without the XEP', { 'src/index.ts': index('Receipts.') }, 'does not say "XEP-0184: Title (1.4.0)"'],
    ['other version', { 'src/index.ts': index('XEP-0184: Receipts (1.3.0).') }, 'XEP-0184 is 1.3.0 here, 1.4.0 in'],
    ['comment opens otherwise', { 'src/index.ts': index('See XEP-0184: Receipts (1.4.0).') }, 'does not open with'],
    ['one XEP too many', { 'src/index.ts': index('XEP-0184: A (1.4.0), XEP-0085: B (2.1).') }, 'XEP-0085 is not in'],
  ])('%s', (_title, files, problem) => {
    tree.add('receipts', { xeps: receipts, files })
    expect(tree.problems()).toContainEqual(expect.stringContaining(problem))
  })
})

describe('dependencies', () => {
  test('one without a reason, a reason without one, and two reasons', () => {
    tree.add('wrong', { manifest: { dependencies: { 'left-pad': '1.0.0' } } })
    tree.write('docs/dependencies.md', '| `vitest` | Runs tests. |\n| `gone` | Was needed. |\n| `vitest` | Tests. |\n')
    const found = tree.problems()
    expect(found).toContainEqual(expect.stringContaining('no line says why left-pad is here'))
    expect(found).toContainEqual(expect.stringContaining('nothing depends on gone any more'))
    expect(found).toContainEqual(expect.stringContaining('more than one line for vitest'))
  })

  test('S-209 an install script, a missing provenance, a fourth dependency of the core', () => {
    const dependencies = { a: '1.0.0', b: '1.0.0', c: '1.0.0', d: '1.0.0' }
    tree.add('client', { floor: 2, manifest: { dependencies, scripts: { postinstall: 'x' }, publishConfig: {} } })
    const found = tree.problems().filter((line) => line.startsWith('S-209'))
    expect(found).toEqual([
      expect.stringContaining('the core has 4 dependencies: a, b, c, d'),
      expect.stringContaining('script "postinstall" runs on install'),
      expect.stringContaining('publishConfig.provenance is not true'),
    ])
  })
})

describe('documents', () => {
  test('out of date until written, then listing number, title, version and package', async () => {
    tree.add('receipts', { xeps: receipts })
    expect(tree.problems({ refresh: false })).toHaveLength(2)
    expect(tree.problems()).toEqual([])
    const { doap, xepTable } = await import('../check/documents.mjs')
    const { loadPackages } = await import('../workspace.mjs')
    const packages = loadPackages(tree.root)
    expect(xepTable(packages)).toContain('| Some Title | 1.4.0 | [`@couplet/receipts`](../packages/receipts) |')
    expect(doap(packages)).toContain('<xmpp:xep rdf:resource="https://xmpp.org/extensions/xep-0184.html"/>')
  })

  test('a link that leads nowhere', () => {
    tree.add('receipts', { files: { 'README.md': '# r\n[x](./gone.md) [y](src/index.ts) [z](https://example.org)\n' } })
    expect(tree.problems()).toEqual([expect.stringContaining('link to ./gone.md leads nowhere')])
  })

  test('an example that imports more than is installed', () => {
    const readme = (install: string) =>
      `# bot\n\n\`\`\`sh\nnpm install ${install}\n\`\`\`\n\n\`\`\`ts\nimport type { A } from '@couplet/lines'\nimport { b } from '@couplet/client'\nimport { c } from '@couplet/stanza'\n\`\`\`\n`
    for (const name of ['client', 'lines']) tree.add(name, { dependencies: name === 'client' ? ['stanza'] : [] })
    tree.add('bot', { files: { 'README.md': readme('@couplet/bot') } })
    const missing = (name: string) =>
      `what READMEs install is enough for their examples: packages/bot/README.md: an example imports ${name}, which is not installed`
    expect(tree.problems()).toEqual([missing('@couplet/client'), missing('@couplet/stanza')])
    tree.add('bot', { files: { 'README.md': readme('@couplet/bot @couplet/client') } })
    expect(tree.problems()).toEqual([])
  })
})
