// Parsing: what the rules need to know about one TypeScript file.
import { readFileSync } from 'node:fs'
import ts from 'typescript'

const cache = new Map()

/** The syntax tree of a file; parsed once per process and text. */
export function parse(file) {
  const text = readFileSync(file, 'utf8')
  const known = cache.get(file)
  if (known?.text === text) return known
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  cache.set(file, tree)
  return tree
}

export function lineOf(tree, position) {
  return tree.getLineAndCharacterOfPosition(position).line + 1
}

/** Calls `visit` on every node of the tree, parents first. */
export function walk(node, visit) {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

function importedNames(clause) {
  if (!clause) return []
  const names = clause.name ? ['default'] : []
  const bindings = clause.namedBindings
  if (!bindings) return names
  if (ts.isNamespaceImport(bindings)) return [...names, '*']
  const specifiers = bindings.elements.filter((item) => !item.isTypeOnly)
  return [...names, ...specifiers.map((item) => (item.propertyName ?? item.name).text)]
}

function exportedNames(clause) {
  if (!clause || ts.isNamespaceExport(clause)) return ['*']
  return clause.elements.filter((item) => !item.isTypeOnly).map((item) => (item.propertyName ?? item.name).text)
}

function importOf(node) {
  if (ts.isImportDeclaration(node)) {
    const clause = node.importClause
    return { at: node.moduleSpecifier, typeOnly: clause?.isTypeOnly === true, names: importedNames(clause) }
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    return { at: node.moduleSpecifier, typeOnly: node.isTypeOnly, names: exportedNames(node.exportClause) }
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { at: node.argument.literal, typeOnly: true, names: [] }
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return { at: node.arguments[0], typeOnly: false, names: ['*'] }
  }
  return undefined
}

/**
 * Every import and re-export of a file: `{ specifier, typeOnly, names, line }`. `names` are the values taken by name.
 * `import { type A }` counts as a run-time import: under verbatimModuleSyntax the module is still loaded.
 */
export function importsOf(tree) {
  const found = []
  walk(tree, (node) => {
    const entry = importOf(node)
    if (!entry?.at || !ts.isStringLiteralLike(entry.at)) return
    const { typeOnly, names, at } = entry
    found.push({ specifier: at.text, typeOnly, names, line: lineOf(tree, at.getStart()) })
  })
  return found
}

/** `@couplet/stanza/xml` → `@couplet/stanza`; undefined for relative and `node:` specifiers. */
export function packageNameOf(specifier) {
  if (/^(\.|\/|node:|#)/.test(specifier)) return undefined
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}

export function isWorkspaceName(name) {
  return name === 'couplet' || name?.startsWith('@couplet/') === true
}

/** The comment a file opens with, or an empty string. */
export function moduleComment(tree) {
  return /^\s*\/\*\*[\s\S]*?\*\//.exec(tree.text)?.[0] ?? ''
}

/** XEPs named in a module comment as `XEP-0184: Message Delivery Receipts (1.4.0)`. */
export function xepsInComment(comment) {
  const text = comment.replaceAll(/^\s*\/?\*+\/?/gm, ' ').replaceAll(/\s+/g, ' ')
  return [...text.matchAll(/XEP-(\d{4}): (.+?) \((\d[\w.]*)\)/g)].map(([, number, title, version]) => ({
    number: Number(number),
    title,
    version,
  }))
}
