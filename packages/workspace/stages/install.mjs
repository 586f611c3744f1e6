// The pinned pnpm, from npm alone: no global install, no corepack, an empty HOME is enough.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../workspace.mjs'

/**
 * Arguments for npx that run the pinned pnpm. npx fetches exactly the version in package.json "packageManager", so
 * pnpm need not check that pin itself: it would want its own package in the lockfile, and a frozen install would fail.
 */
export function pnpm(root, ...args) {
  return ['--yes', readJson(join(root, 'package.json')).packageManager, '--pm-on-fail=ignore', ...args]
}

function sameText(a, b) {
  return existsSync(a) && existsSync(b) && readFileSync(a, 'utf8') === readFileSync(b, 'utf8')
}

/** pnpm keeps a copy of the lockfile it installed from; when it differs, node_modules is missing or outdated. */
export function isInstalled(root) {
  return sameText(join(root, 'pnpm-lock.yaml'), join(root, 'node_modules/.pnpm/lock.yaml'))
}
