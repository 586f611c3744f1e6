import { CsiActive, CsiFeature, CsiInactive, NS_CSI } from '@couplet/csi'
import type { LoopbackModule } from './loopback-module.js'

/** Hears whether somebody is looking (XEP-0352), and holds nothing back. */
export function csiModule(): LoopbackModule {
  return {
    name: 'csi',
    setup(host) {
      host.streamFeature(() => CsiFeature())
      for (const state of [CsiActive, CsiInactive]) {
        host.onElement(state, () => {})
        host.bindFeature(NS_CSI, state, () => undefined)
      }
    },
  }
}
