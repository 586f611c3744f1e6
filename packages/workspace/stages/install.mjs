// The pinned pnpm, from npm alone: no global install, no corepack, an empty HOME is enough.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../workspace.mjs'

/** `['--yes', 'pnpm@X', …]`: arguments for npx. */
export function pnpm(root, ...args) {
  return ['--yes', readJson(join(root, 'package.json')).packageManager, ...args]
}

function sameText(a, b) {
  return existsSync(a) && existsSync(b) && readFileSync(a, 'utf8') === readFileSync(b, 'utf8')
}

/** pnpm keeps a copy of the lockfile it installed from; when it differs, node_modules is missing or outdated. */
export function isInstalled(root) {
  return sameText(join(root, 'pnpm-lock.yaml'), join(root, 'node_modules/.pnpm/lock.yaml'))
}
