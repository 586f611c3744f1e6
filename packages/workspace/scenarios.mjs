// docs/security-scenarios.md: which attack and which failure is tested where, from the numbers in the titles of tests.
// Usage: node packages/workspace/scenarios.mjs --check|--write
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { parse, walk } from './check/source.mjs'
import { printTally } from './stages/tally.mjs'
import { listFiles, loadPackages, readJson, repositoryRoot } from './workspace.mjs'

const dataPath = 'packages/workspace/scenarios.json'
const documentPath = 'docs/security-scenarios.md'
const number = /\b[SR]-\d{3}\b/g
const testFunctions = new Set(['test', 'it', 'describe'])
const neverRun = new Set(['skip', 'todo'])

/** The classes in which every scenario has a test, or a reason why it has none. */
const strictClasses = new Set(['A', 'B', 'D', 'E', 'R'])

/** `{ classes, scenarios: [{ id, class, title, reason? }] }`; `undefined` in a workspace without the list. */
export function loadScenarios(root) {
  const file = join(root, dataPath)
  return existsSync(file) ? readJson(file) : undefined
}

/** What is called, without its parameters: `test.each(table)` is `test` with the modifier `each`. */
function callee(node) {
  const modifiers = []
  let at = node
  for (;;) {
    if (ts.isPropertyAccessExpression(at)) {
      modifiers.push(at.name.text)
      at = at.expression
    } else if (ts.isCallExpression(at)) at = at.expression
    else if (ts.isTaggedTemplateExpression(at)) at = at.tag
    else return { name: ts.isIdentifier(at) ? at.text : undefined, modifiers }
  }
}

/** What a variable is set to where it is used: the initializer in the innermost scope around the use that has one. */
function initializerOf(identifier) {
  for (let scope = identifier.parent; scope; scope = scope.parent) {
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue
    for (const { declarationList } of scope.statements.filter(ts.isVariableStatement)) {
      const found = declarationList.declarations.find(({ name }) => name.text === identifier.text)
      if (found) return found.initializer
    }
  }
  return undefined
}

/** The texts of an argument: a title, or the table that titles are made from. The body of a test has none. */
function texts(node, seen = new Set()) {
  if (ts.isFunctionLike(node)) return []
  if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
    return [node.text]
  }
  if (ts.isIdentifier(node)) {
    const table = initializerOf(node)
    return table === undefined || seen.has(table) ? [] : texts(table, seen.add(table))
  }
  const found = []
  ts.forEachChild(node, (child) => void found.push(...texts(child, seen)))
  return found
}

/** The numbers in the titles of one file's tests; what is skipped does not count. */
export function scenariosOf(file) {
  const ids = new Set()
  if (readFileSync(file, 'utf8').search(number) < 0) return ids
  walk(parse(file), (node) => {
    if (!ts.isCallExpression(node)) return
    const { name, modifiers } = callee(node.expression)
    if (!testFunctions.has(name) || modifiers.some((modifier) => neverRun.has(modifier))) return
    for (const text of node.arguments.flatMap((argument) => texts(argument))) {
      for (const [id] of text.matchAll(number)) ids.add(id)
    }
  })
  return ids
}

/** Id → the files that test it, as sorted paths from the root. */
export function collectTests({ packages }) {
  const found = new Map()
  for (const pkg of packages) {
    const files = listFiles(pkg.directory).filter((path) => /^(src|test)\/.*\.ts$/.test(path))
    for (const path of files) {
      for (const id of scenariosOf(join(pkg.directory, path))) {
        found.set(id, [...(found.get(id) ?? []), `${pkg.path}/${path}`])
      }
    }
  }
  return found
}

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '|': '\\|', '*': '\\*', _: '\\_' }

function escapeMarkdown(text) {
  return text.replaceAll(/[&<>|*_]/g, (character) => escapes[character])
}

function testLinks(paths) {
  const links = paths.map((path) => {
    const [, folder] = path.split('/')
    return `[${folder}: ${basename(path).replace(/(\.test)?\.ts$/, '')}](../${path})`
  })
  return links.join(', ')
}

function row({ id, title, reason }, tests) {
  const paths = tests.get(id)
  const last = paths ? testLinks(paths) : (reason && `*${escapeMarkdown(reason)}*`) || ''
  return `| ${id} | ${escapeMarkdown(title)} | ${last} |`
}

function section([letter, title], scenarios, tests) {
  const own = scenarios.filter((scenario) => scenario.class === letter)
  const tested = own.filter(({ id }) => tests.has(id)).length
  return `## ${letter}: ${title}

${tested} of ${own.length} are tested.

| number | scenario | tests, or why there is none |
|---|---|---|
${own.map((scenario) => row(scenario, tests)).join('\n')}
`
}

/** The document. */
export function scenarioDocument({ classes, scenarios }, tests) {
  const tested = scenarios.filter(({ id }) => tests.has(id)).length
  return `# Security and reliability scenarios

Generated by \`node packages/workspace/scenarios.mjs --write\`; do not edit.

Each number is something a peer, a network or an application may do, and that has to end well. The number stands in the
titles of the tests that try it: \`npx vitest run --config packages/workspace/vitest.config.mjs -t S-001\`. ${tested} of
${scenarios.length} are tested; the others say what they wait for.

${Object.entries(classes)
  .map((entry) => section(entry, scenarios, tests))
  .join('\n')}`
}

function checkList({ classes, scenarios }) {
  const problems = []
  const seen = new Set()
  for (const { id, class: letter, title } of scenarios) {
    if (seen.has(id)) problems.push(`${dataPath}: ${id} occurs more than once`)
    if (!(letter in classes) || !title) problems.push(`${dataPath}: ${id} has no title, or a class that does not exist`)
    seen.add(id)
  }
  return problems
}

function checkCoverage({ scenarios }, tests) {
  return scenarios.flatMap(({ id, class: letter, reason, title }) => {
    if (tests.has(id)) return reason ? [`${id} is tested, so ${dataPath} needs no reason why not`] : []
    return strictClasses.has(letter) && !reason ? [`${id} (${title}) has neither a test nor a reason`] : []
  })
}

function checkTitles({ scenarios }, tests) {
  const known = new Set(scenarios.map(({ id }) => id))
  return [...tests].filter(([id]) => !known.has(id)).map(([id, paths]) => `${paths[0]}: there is no scenario ${id}`)
}

function checkDocument(list, tests, root) {
  const file = join(root, documentPath)
  const current = existsSync(file) && readFileSync(file, 'utf8') === scenarioDocument(list, tests)
  return current ? [] : [`${documentPath} is out of date: node packages/workspace/scenarios.mjs --write`]
}

/** Rule: every scenario of the strict classes is tested or explained, every number in a title exists, and so it is written. */
export function checkScenarios(workspace) {
  const list = loadScenarios(workspace.root)
  if (list === undefined) return []
  const tests = collectTests(workspace)
  return [
    ...checkList(list),
    ...checkCoverage(list, tests),
    ...checkTitles(list, tests),
    ...checkDocument(list, tests, workspace.root),
  ]
}

/** Writes the document, if there is a list. */
export function writeScenarios(workspace) {
  const list = loadScenarios(workspace.root)
  if (list === undefined) return
  writeFileSync(join(workspace.root, documentPath), scenarioDocument(list, collectTests(workspace)))
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const workspace = { root: repositoryRoot, packages: loadPackages() }
  if (process.argv.includes('--write')) writeScenarios(workspace)
  const problems = checkScenarios(workspace)
  for (const line of problems) console.error(line)
  printTally({ passed: problems.length === 0 ? 1 : 0, failed: problems.length })
}
