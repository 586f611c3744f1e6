import { type AnyPlugin, type PluginContext, PluginHost, type SessionCore, type StateStore } from '@couplet/client'

/** A plugin that does nothing but have an API, in the place of one that another plugin needs. */
export const standIn = (name: string, api: unknown, features: readonly string[] = []): AnyPlugin => ({
  name,
  features,
  needs: {},
  setup: () => api,
})

/** Installs a plugin that does nothing, and returns its host and what the host gave to it. */
export function installStandIn(core: SessionCore, store: StateStore, features: readonly string[]) {
  let context: PluginContext | undefined
  const setup = (given: PluginContext): void => {
    context = given
  }
  const host = new PluginHost([{ ...standIn('test', {}, features), setup }], core, store)
  return { host, context: context as unknown as PluginContext }
}
