import type { PluginHost } from './plugin-host.js'

/** Whether a plugin fetches from the archive all that the login that is about to begin would miss (XEP-0386 §3.2). */
export async function coversMissed({ covers }: PluginHost, report: (error: unknown) => void): Promise<boolean> {
  try {
    return (await covers?.()) === true
  } catch (error) {
    report(error)
    return false
  }
}
