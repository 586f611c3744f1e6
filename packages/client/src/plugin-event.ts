import type { Handled } from './session.js'
import { Subscription } from './subscription.js'

/** An event of a plugin's own, such as a change of the roster. Made by `context.event()`. */
export interface PluginEvent<Args extends readonly unknown[]> {
  /** Calls the handler each time, until the subscription or the plugin ends. */
  on(handler: (...args: Args) => Handled): Subscription
  /**
   * Calls all handlers; what one of them throws is reported and hurts nobody else. Resolves when all of them are done; nothing
   * is returned if they are already.
   */
  emit(...args: Args): Promise<void> | undefined
}

/**
 * Makes an event.
 *
 * @param run runs a handler, reports what it throws, and says when it is done, if not at once
 * @param keep ties a subscription to the plugin's life
 */
export function pluginEvent<Args extends readonly unknown[]>(
  run: (code: () => Handled) => Promise<void> | undefined,
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
      const running = [...handlers].flatMap((handler) =>
        handlers.has(handler) ? (run(() => handler(...args)) ?? []) : [],
      )
      return running.length === 0 ? undefined : Promise.all(running).then(() => {})
    },
  }
}
