import { readJson } from '../../workspace/workspace.mjs'

const packages = {
  couplet: '@couplet/stanza',
  'xmpp-client': '@xmpp/client',
  stanza: 'stanza',
  strophe: 'strophe.js',
  'xmpp-xml': '@xmpp/xml',
  saxes: 'saxes',
  signalapp: '@signalapp/libsignal-client',
  privacyresearch: '@privacyresearch/libsignal-protocol-typescript',
  olm: '@matrix-org/olm',
}

/** The package of a contender with its version, for a table. */
export function versionOf(name) {
  const { version } = readJson(new URL(`../node_modules/${packages[name]}/package.json`, import.meta.url))
  return `${packages[name].replace('@couplet/stanza', 'Couplet')} ${version}`
}
