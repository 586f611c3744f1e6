import ts from 'typescript'

const kind = ts.SyntaxKind

/** What an operator is exchanged for. */
const operators = new Map([
  [kind.EqualsEqualsEqualsToken, '!=='],
  [kind.ExclamationEqualsEqualsToken, '==='],
  [kind.LessThanToken, '<='],
  [kind.LessThanEqualsToken, '<'],
  [kind.GreaterThanToken, '>='],
  [kind.GreaterThanEqualsToken, '>'],
  [kind.PlusToken, '-'],
  [kind.MinusToken, '+'],
  [kind.AsteriskToken, '+'],
  [kind.AmpersandAmpersandToken, '||'],
  [kind.BarBarToken, '&&'],
  [kind.QuestionQuestionToken, '&&'],
  [kind.BarToken, '&'],
  [kind.AmpersandToken, '|'],
  [kind.CaretToken, '|'],
  [kind.GreaterThanGreaterThanToken, '<<'],
  [kind.LessThanLessThanToken, '>>'],
])

function isType(node) {
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
}

/** `[start, end, replacement]` for what can be wrong about one node. */
function* changesOf(node, text) {
  const whole = (replacement) => [node.getStart(), node.end, replacement]
  if (ts.isBinaryExpression(node)) {
    const replacement = operators.get(node.operatorToken.kind)
    if (replacement) yield [node.operatorToken.getStart(), node.operatorToken.end, replacement]
  } else if (ts.isPrefixUnaryExpression(node) && node.operator === kind.ExclamationToken) {
    yield [node.getStart(), node.operand.getStart(), '']
  } else if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
    const condition = node.expression ?? node.condition
    for (const value of ['true', 'false']) yield [condition.getStart(), condition.end, value]
  } else if (ts.isNumericLiteral(node)) yield whole(`(${node.text} + 1)`)
  else if (ts.isBigIntLiteral(node)) yield whole(`(${node.text} + 1n)`)
  else if (node.kind === kind.TrueKeyword) yield whole('false')
  else if (node.kind === kind.FalseKeyword) yield whole('true')
  else if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) yield whole('undefined')
  else if (ts.isThrowStatement(node)) yield whole(`{ undefined }`)
  else if (ts.isStringLiteral(node) && ts.isNewExpression(node.parent)) yield whole(`'mutated'`)
  else if (ts.isShorthandPropertyAssignment(node) && text.startsWith('skipped', node.getStart()))
    yield whole('skipped: []')
}

/** Every mutant of one file: `{ file, line, start, end, original, replacement }`. */
export function mutantsOf(file, text) {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found = []
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || isType(node)) return
    for (const [start, end, replacement] of changesOf(node, text)) {
      const line = tree.getLineAndCharacterOfPosition(start).line + 1
      found.push({ file, line, start, end, original: text.slice(start, end), replacement })
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}
