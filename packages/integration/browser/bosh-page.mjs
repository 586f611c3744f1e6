// The same two users of one page, over BOSH.
import { bosh } from '@couplet/bosh'
import { talk } from './browser-client.mjs'

globalThis.talk = (options) => talk(options, bosh)
