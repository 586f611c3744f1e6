// TypeScript in prose: ```ts blocks of Markdown files and of `@example` comments, as files a compiler can check.
import { readFileSync } from 'node:fs'

const fence = /^( *)(?:\* ?)?( *)```(\S*)(?: +(\w+))?\s*$/

/**
 * The ts blocks of a Markdown text: `[{ line, code }]`. A block fenced ```ts continued goes on where the one before
 * stopped. Code keeps its line numbers by leading blank lines, so a compiler error points into the original.
 */
export function markdownSnippets(text) {
  const snippets = []
  let open
  for (const [index, line] of text.split('\n').entries()) {
    const match = fence.exec(line)
    if (!open) {
      if (match) open = { language: match[3], flag: match[4], line: index + 1, lines: [] }
    } else if (match && match[3] === '') {
      addSnippet(snippets, open)
      open = undefined
    } else open.lines.push(line)
  }
  return snippets
}

function addSnippet(snippets, { language, flag, line, lines }) {
  if (language !== 'ts' && language !== 'typescript') return
  const previous = snippets.at(-1)
  if (flag !== 'continued' || !previous) {
    snippets.push({ line, code: '\n'.repeat(line) + lines.join('\n') })
    return
  }
  const gap = Math.max(1, line + 1 - previous.code.split('\n').length)
  previous.code += '\n'.repeat(gap) + lines.join('\n')
}

/** The ts blocks inside the doc comments of a TypeScript file, with the comment's asterisks taken off. */
export function commentSnippets(text) {
  const inComments = []
  let inside = false
  for (const line of text.split('\n')) {
    if (/^\s*\/\*\*/.test(line)) inside = true
    inComments.push(inside ? line.replace(/^\s*\/?\*+\/? ?/, '') : '')
    if (line.includes('*/')) inside = false
  }
  return markdownSnippets(inComments.join('\n'))
}

/** Snippets of one file, by its extension. */
export function snippetsOf(file) {
  const text = readFileSync(file, 'utf8')
  return file.endsWith('.md') ? markdownSnippets(text) : commentSnippets(text)
}
