import { NS_LAST_ACTIVITY, queryLastActivity } from '@couplet/last-activity'
import { NS_TIME, queryTime } from '@couplet/time'
import { NS_VERSION, queryVersion } from '@couplet/version'
import type { LoopbackModule } from './loopback-module.js'

/** What the server says about itself: its software, its clock, how long it has been running (XEP-0092, 0202, 0012). */
export function aboutServerModule(): LoopbackModule {
  return {
    name: 'about-server',
    setup(host) {
      const started = Date.now()
      host.advertise('server', NS_VERSION)
      host.handle('server', queryVersion, () => ({ name: 'Couplet loopback server', version: '0' }))
      host.advertise('server', NS_TIME)
      host.handle('server', queryTime, () => ({ tzo: 0, utc: new Date() }))
      host.advertise('server', NS_LAST_ACTIVITY)
      host.handle('server', queryLastActivity, () => ({
        seconds: Math.max(0, Math.floor((Date.now() - started) / 1000)),
      }))
      // XEP-0012 §3: whoever asks about the own account is here.
      host.advertise('account', NS_LAST_ACTIVITY)
      host.handle('account', queryLastActivity, () => ({ seconds: 0 }))
    },
  }
}
