import type { Handled, Plugin, Subscription } from '@couplet/client'
import { type ExternalService, pushServices } from './elements.js'

/** What `client.externalServices` offers. `getExternalServices` asks for them. */
export interface ExternalServicePushes {
  /**
   * Calls the handler with services that have changed, each with its `action`. The own server tells those who have asked
   * for services of this type.
   */
  onPush(handler: (services: readonly ExternalService[], type: string | undefined) => Handled): Subscription
}

/** The plugin: hears from the own server when its external services, or the credentials for them, change (XEP-0215 §3.2). */
export function externalServices(): Plugin<'externalServices', ExternalServicePushes> {
  return {
    name: 'externalServices',
    needs: {},
    setup(context) {
      const pushed = context.event<[services: readonly ExternalService[], type: string | undefined]>()
      // From anyone else it would be a relay of theirs that our calls go through.
      context.handle(pushServices, ({ services, type }) => pushed.emit(services, type), { from: 'ownServer' })
      return { onPush: (handler) => pushed.on(handler) }
    },
  }
}
