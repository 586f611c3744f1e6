// The declarations as the compiler of a user sees them, `skipLibCheck` off, without anything of this workspace.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { repositoryRoot } from '../../workspace/workspace.mjs'

const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true, target: 'es2022' }
const node = {
  types: ['node'],
  typeRoots: [join(repositoryRoot, 'node_modules/@types')],
  lib: ['es2022', 'esnext.disposable'],
}
const browser = { types: [], lib: ['es2022', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'] }

/** Packages that only Node can use, and whose types need those of Node. */
const nodeOnly = ['@couplet/tcp', '@couplet/testing', 'couplet']

const program = `
import { createClient, type Client } from '@couplet/client'
import { disco } from '@couplet/disco'
import { mam } from '@couplet/mam'
import { webSocket } from '@couplet/websocket'

export const client = createClient({ jid: 'me@example.org', password: 'x', plugins: [mam(), disco()], transports: [webSocket()] })
const bodies: (string | undefined)[] = []
for await (const { message } of client.mam.query({ last: 10 })) bodies.push(message.body)
export const plain: Client = createClient({ jid: 'me@example.org', password: 'x', transports: [webSocket()] })
// @ts-expect-error: it is not installed
plain.mam
// @ts-expect-error: mam needs disco
createClient({ jid: 'me@example.org', password: 'x', plugins: [mam()], transports: [webSocket()] })
`

const everything = (names) =>
  names.map((name, i) => `import * as package${i} from '${name}'\nexport { package${i} }\n`).join('')

/** `[{ title, problems }]` for Node and browser projects, by both module resolutions. */
export const checkTypes = (folder, names) => {
  const forBrowsers = names.filter((name) => !nodeOnly.includes(name))
  const projects = [
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext', ...node }, names],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler', ...node }, names],
    ['bundler, in a browser', { module: 'esnext', moduleResolution: 'bundler', ...browser }, forBrowsers],
    ['nodenext, from CommonJS', { module: 'nodenext', moduleResolution: 'nodenext', ...node }, names, 'cts'],
  ]
  return projects.map(([title, settings, packages, extension = 'ts'], i) => {
    const file = join(folder, `types-${i}.${extension}`)
    writeFileSync(file, everything(packages) + (extension === 'ts' ? program : ''))
    const { options, errors } = ts.convertCompilerOptionsFromJson({ ...strict, ...settings }, folder)
    const diagnostics = [...errors, ...ts.getPreEmitDiagnostics(ts.createProgram([file], options))]
    const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => folder, getNewLine: () => '\n' }
    return { title: `types: ${title}`, problems: diagnostics.map((one) => ts.formatDiagnostic(one, host).trim()) }
  })
}
