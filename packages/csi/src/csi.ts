import type { Plugin } from '@couplet/client'
import { CsiActive, CsiFeature, CsiInactive } from './elements.js'

/** What `client.csi` offers. */
export interface Csi {
  /** The user is looking: the server sends everything at once. So every client begins. */
  active(): void
  /**
   * Nobody is looking: the server may hold back what is not urgent. Remembered without a session, and told to the server
   * again in every later one.
   */
  inactive(): void
  /** What was said last. */
  readonly state: 'active' | 'inactive'
  /** Whether the server wants to know; without a session `false`. */
  readonly supported: boolean
}

/** The plugin: tells the server whether somebody is looking (XEP-0352). */
export function csi(): Plugin<'csi', Csi> {
  return {
    name: 'csi',
    needs: {},
    setup(context) {
      let state: Csi['state'] = 'active'
      const isSupported = (): boolean => context.serverFeatures?.get(CsiFeature) === true
      const tell = (): void => {
        if (isSupported()) context.sendNonza(state === 'active' ? CsiActive() : CsiInactive())
      }
      const become = (next: Csi['state']): void => {
        if (state === next) return
        state = next
        tell()
      }
      // XEP-0352 §5: every stream begins as active.
      context.onSession(() => {
        if (state === 'inactive') tell()
      })
      return {
        active: () => become('active'),
        inactive: () => become('inactive'),
        get state() {
          return state
        },
        get supported() {
          return isSupported()
        },
      }
    },
  }
}
