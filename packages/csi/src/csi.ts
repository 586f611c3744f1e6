import type { Plugin } from '@couplet/client'
import { CsiActive, CsiFeature, CsiInactive, NS_CSI } from './elements.js'

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
      /** What was asked for while binding. */
      let bound: Csi['state'] = 'active'
      /** Whether the server wants to know: a stream that resumes a session need not say so again. */
      let isOffered = false
      const isSupported = (): boolean => {
        const { serverFeatures } = context
        return serverFeatures !== undefined && (isOffered || serverFeatures.get(CsiFeature) === true)
      }
      const tell = (): void => {
        if (isSupported()) context.sendNonza(state === 'active' ? CsiActive() : CsiInactive())
      }
      const become = (next: Csi['state']): void => {
        if (state === next) return
        state = next
        tell()
      }
      const inline = context.inlineBind(NS_CSI, () => {
        bound = state
        return state === 'inactive' ? CsiInactive() : undefined
      })
      // XEP-0352 §5: every stream begins as active, also one that resumes a session.
      context.onSession((isResumed) => {
        isOffered = inline.done || context.serverFeatures?.get(CsiFeature) === true
        if (!isResumed && state !== (inline.done ? bound : 'active')) tell()
      }, 'stream')
      context.onResume(() => {
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
