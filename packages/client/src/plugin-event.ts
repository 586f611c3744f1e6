import type { Handled } from './session.js'
import { Subscription } from './subscription.js'

/** An event of a plugin's own, such as a change of the roster. Made by `context.event()`. */
export interface PluginEvent<Args extends readonly unknown[]> {
  /** Calls the handler each time, until the subscription or the plugin ends. */
  on(handler: (...args: Args) => Handled): Subscription
  /** Calls all handlers; what one of them throws is reported and hurts nobody else. */
  emit(...args: Args): void
}

/**
 * Makes an event.
 *
 * @param run runs a handler and reports what it throws
 * @param keep ties a subscription to the plugin's life
 */
export function pluginEvent<Args extends readonly unknown[]>(
  run: (code: () => Handled) => void,
  keep: (subscription: Subscription) => Subscription,
): PluginEvent<Args> {
  const handlers = new Set<(...args: Args) => Handled>()
  return {
    on(handler) {
      const own = (...args: Args): Handled => handler(...args) // the same function may be registered twice
      handlers.add(own)
      return keep(new Subscription(() => handlers.delete(own)))
    },
    emit(...args) {
      // One that an earlier one has taken back is not called any more.
      for (const handler of [...handlers]) if (handlers.has(handler)) run(() => handler(...args))
    },
  }
}
