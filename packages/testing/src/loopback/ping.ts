import { NS_PING, sendPing } from '@couplet/ping'
import type { LoopbackModule } from './loopback-module.js'

/** Answers pings to the server and to the own account (XEP-0199 §4.2). */
export function pingModule(): LoopbackModule {
  return {
    name: 'ping',
    setup(host) {
      for (const target of ['server', 'account'] as const) {
        host.advertise(target, NS_PING)
        host.handle(target, sendPing, () => {})
      }
    },
  }
}
