// The published packages in the hands of consumers: bundlers, compilers, CommonJS. Needs the build and npm.
// Usage: node packages/integration/consumers/run.mjs
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { printTally } from '../../workspace/stages/tally.mjs'
import { measureBundle, measureOmemo, omemoLimit, sizeLimit } from './bundle-size.mjs'
import { bundlers } from './bundlers.mjs'
import { installPackages, publishable } from './install-packages.mjs'
import { checkTypes } from './type-checks.mjs'

const tally = { passed: 0, failed: 0 }

const check = async (title, body) => {
  try {
    await body()
    tally.passed++
    console.log(`ok     ${title}`)
  } catch (error) {
    tally.failed++
    console.error(`FAILED ${title}: ${error.stderr ? `${error.message}\n${error.stderr}` : error.message}`)
  }
}

const runNode = (folder, ...args) =>
  execFileSync(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })

const checkSize = async (folder, from) => {
  let measured
  await check(`bundle of the ${from} can be made`, async () => {
    measured = await measureBundle(folder, from)
  })
  if (!measured) return
  const { initial, login, all, packages, later, intruders } = measured
  const parts = Object.entries(packages).map(([name, bytes]) => `${name} ${bytes}`)
  console.log(`       ${initial} bytes gzipped at first; minified: ${parts.join(', ')}`)
  console.log(
    `       ${login} bytes gzipped until it is logged in, ${all} in all; chunks that load later: ${later.join(', ')}`,
  )
  await check(`bundle of the ${from} stays under ${sizeLimit} bytes`, () => {
    if (initial >= sizeLimit) throw new Error(`${initial} bytes`)
  })
  await check(`bundle of the ${from} holds nothing that was not imported`, () => {
    if (intruders.length > 0) throw new Error(intruders.join(', '))
  })
}

const checkOmemoSize = async (folder) => {
  let measured
  await check('bundle of OMEMO can be made', async () => {
    measured = await measureOmemo(folder)
  })
  if (!measured) return
  const { initial, all, packages, later, isForeign } = measured
  const parts = Object.entries(packages).map(([name, bytes]) => `${name} ${bytes}`)
  console.log(
    `       ${initial} bytes gzipped at first, ${all} in all; minified: ${parts.join(', ')}; later: ${later.join(', ')}`,
  )
  await check(`OMEMO adds at most ${omemoLimit} bytes`, () => {
    if (initial > omemoLimit) throw new Error(`${initial} bytes`)
  })
  await check('the bundle of OMEMO has nothing of Node and no WebAssembly', () => {
    if (isForeign) throw new Error('it has')
  })
}

const checkBundlers = async (folder) => {
  const entry = join(folder, 'browser-client.mjs')
  copyFileSync(fileURLToPath(new URL('../browser/browser-client.mjs', import.meta.url)), entry)
  copyFileSync(fileURLToPath(new URL('talk.mjs', import.meta.url)), join(folder, 'talk.mjs'))
  for (const [name, bundle] of Object.entries(bundlers)) {
    await check(`${name} bundles a client that works`, async () => {
      runNode(folder, 'talk.mjs', await bundle(folder, entry))
    })
  }
}

const checkRequire = async (folder) => {
  for (const { name } of publishable) {
    const file = join(folder, 'require.cjs')
    writeFileSync(file, `if (Object.keys(require('${name}')).length === 0) throw new Error('nothing is exported')\n`)
    await check(`require('${name}')`, () => runNode(folder, file))
  }
}

const folder = mkdtempSync(join(tmpdir(), 'couplet-consumer-'))
try {
  await check('packed and installed', () => installPackages(folder))
  if (tally.failed === 0) {
    for (const from of ['parts', 'preset']) await checkSize(folder, from)
    await checkOmemoSize(folder)
    await checkBundlers(folder)
    for (const { title, problems } of checkTypes(
      folder,
      publishable.map(({ name }) => name),
    )) {
      await check(title, () => {
        if (problems.length > 0) throw new Error(`${problems.length} problems\n${problems.slice(0, 10).join('\n')}`)
      })
    }
    await checkRequire(folder)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
printTally(tally)
