// What a file may be called, how long it may be, and what may stand in it.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import ts from 'typescript'
import { isTestFile, listFiles, sourceFiles } from '../workspace.mjs'
import { lineOf, moduleComment, parse, walk } from './source.mjs'

const limits = { file: 300, fileWarning: 200, functionLines: 40, xepIndex: 60 }
const banned = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'constants', 'misc'])
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/
const data = /(^|\/)(vectors|generated)\/|\.(vectors|generated)\.ts$/

function codeFiles({ packages, examples }) {
  return [...packages, ...examples].flatMap((pkg) =>
    listFiles(pkg.directory)
      .filter((path) => /\.(ts|mjs)$/.test(path) && !path.startsWith('template/'))
      .map((path) => ({ pkg, path, file: join(pkg.directory, path), where: `${pkg.path}/${path}` })),
  )
}

function publishedSources({ packages }) {
  return packages
    .filter((pkg) => pkg.publishable)
    .flatMap((pkg) =>
      sourceFiles(pkg).map((path) => ({
        pkg,
        path,
        file: join(pkg.directory, path),
        where: `${pkg.path}/${path}`,
      })),
    )
}

/** Rule: kebab-case after the main export, and no drawer for odds and ends. */
export function checkFileNames(workspace) {
  return codeFiles(workspace).flatMap(({ path, where }) => {
    const stem = basename(path).replace(/\.(ts|mjs)$/, '')
    const [name = '', ...rest] = stem.split('.')
    const folders = path.split('/').slice(0, -1)
    if (![name, ...rest, ...folders].every((part) => kebab.test(part))) return [`${where}: not kebab-case`]
    const drawer = [name, ...folders].find((part) => banned.has(part))
    return drawer ? [`${where}: "${drawer}" says nothing; name it after what it does`] : []
  })
}

function lineCount(file) {
  return readFileSync(file, 'utf8').replace(/\n$/, '').split('\n').length
}

/** Rule: files stay short. Returns warnings too: from 200 lines on, think. */
export function checkFileSizes(workspace) {
  const sized = codeFiles(workspace)
    .filter(({ path }) => !data.test(path))
    .map((item) => ({ ...item, lines: lineCount(item.file) }))
  return {
    problems: sized.filter(({ lines }) => lines > limits.file).map(({ where, lines }) => `${where}: ${lines} lines`),
    warnings: sized
      .filter(({ path, lines }) => lines > limits.fileWarning && lines <= limits.file && !isTestFile(path))
      .map(({ where, lines }) => `${where}: ${lines} lines, think about splitting it`),
  }
}

/** Non-blank lines of a function without the inner lines of the functions inside it, which count for themselves. */
export function ownLines(tree, node) {
  const text = tree.text.split('\n')
  const counted = new Set()
  const first = lineOf(tree, node.getStart())
  for (let line = first; line <= lineOf(tree, node.end); line++) if (text[line - 1]?.trim()) counted.add(line)
  const subtract = (child) => {
    if (ts.isFunctionLike(child) && child.body) {
      for (let line = lineOf(tree, child.getStart()) + 1; line < lineOf(tree, child.end); line++) counted.delete(line)
    } else ts.forEachChild(child, subtract)
  }
  ts.forEachChild(node, subtract)
  return counted.size
}

/** Rule: functions fit on a screen. Test files are excepted: a `describe` is a function too. */
export function checkFunctionSizes(workspace) {
  return codeFiles(workspace)
    .filter(({ path }) => !isTestFile(path) && !data.test(path))
    .flatMap(({ file, where }) => {
      const tree = parse(file)
      const found = []
      walk(tree, (node) => {
        if (!ts.isFunctionLike(node) || !node.body) return
        const lines = ownLines(tree, node)
        if (lines <= limits.functionLines) return
        const name = node.name?.getText() ?? node.parent?.name?.getText() ?? 'a function'
        found.push(`${where}:${lineOf(tree, node.getStart())}: ${name} has ${lines} lines`)
      })
      return found
    })
}

function isNamedReexport(statement) {
  return (
    ts.isExportDeclaration(statement) &&
    statement.moduleSpecifier !== undefined &&
    statement.exportClause !== undefined &&
    ts.isNamedExports(statement.exportClause)
  )
}

/** `export * from '…'`: for the preset, whose one purpose it is. */
function isStarReexport(statement) {
  return ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined && !statement.exportClause
}

/** Rule: index.ts is a module comment and named re-exports, nothing else; a composite re-exports whole packages too. */
export function checkIndexFiles(workspace) {
  return publishedSources(workspace)
    .filter(({ path }) => basename(path) === 'index.ts')
    .flatMap(({ pkg, path, file, where }) => {
      const tree = parse(file)
      const problems = tree.statements
        .filter((statement) => !isNamedReexport(statement) && !(pkg.floor === 4 && isStarReexport(statement)))
        .map((statement) => `${where}:${lineOf(tree, statement.getStart())}: only named re-exports belong here`)
      if (path !== 'src/index.ts') problems.push(`${where}: a barrel beside src/index.ts`)
      else if (!moduleComment(tree).includes('@module'))
        problems.push(`${where}: opens with no /** … @module */ comment`)
      const xepPackage = pkg.floor === 1 || pkg.floor === 3
      if (xepPackage && lineCount(file) > limits.xepIndex) problems.push(`${where}: more than ${limits.xepIndex} lines`)
      return problems
    })
}

const namespace = /^(urn:xmpp:|urn:ietf:params:xml:ns:|jabber:|http:\/\/jabber\.org\/|http:\/\/etherx|eu\.siacs)/

/** Rule: what is on the wire stands in elements.ts, so nobody has to look for it elsewhere. */
export function checkNamespaces(workspace) {
  return publishedSources(workspace)
    .filter(({ path }) => basename(path) !== 'elements.ts' && !data.test(path))
    .flatMap(({ file, where }) => {
      const tree = parse(file)
      const found = []
      walk(tree, (node) => {
        const literal = ts.isStringLiteralLike(node) || ts.isTemplateHead(node)
        if (literal && namespace.test(node.text)) {
          found.push(`${where}:${lineOf(tree, node.getStart())}: namespace ${node.text} belongs in elements.ts`)
        }
      })
      return found
    })
}

function languageProblem(node, where) {
  const kind = ts.SyntaxKind
  if (node.kind === kind.AnyKeyword && !where.startsWith('packages/stanza/src/schema/')) return '`any`'
  if (ts.isEnumDeclaration(node)) return 'an enum'
  if (ts.isModuleDeclaration(node)) return 'a namespace or declaration merging'
  if (ts.isExportAssignment(node)) return 'a default export'
  if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((item) => item.kind === kind.DefaultKeyword)) {
    return 'a default export'
  }
  return undefined
}

/** Rule: no `any` outside stanza's schema folder, no enums, namespaces, default exports. */
export function checkLanguage(workspace) {
  return publishedSources(workspace).flatMap(({ file, where }) => {
    const tree = parse(file)
    const found = []
    walk(tree, (node) => {
      const problem = languageProblem(node, where)
      if (problem) found.push(`${where}:${lineOf(tree, node.getStart())}: ${problem}`)
    })
    return found
  })
}
