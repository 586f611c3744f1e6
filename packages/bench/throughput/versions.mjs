import { readJson } from '../../workspace/workspace.mjs'

const packages = {
  couplet: '@couplet/stanza',
  'xmpp-client': '@xmpp/client',
  stanza: 'stanza',
  strophe: 'strophe.js',
  'xmpp-xml': '@xmpp/xml',
  saxes: 'saxes',
}

/** The package of a contender with its version, for a table. */
export function versionOf(name) {
  const { version } = readJson(new URL(`../node_modules/${packages[name]}/package.json`, import.meta.url))
  return `${packages[name].replace('@couplet/stanza', 'Couplet')} ${version}`
}
