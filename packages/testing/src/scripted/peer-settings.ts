import type { TestCertificate } from '../test-authority.js'

/** What a script knows about its surroundings. */
export interface PeerSettings {
  readonly domain: string
  readonly user: string
  readonly password: string
  certificate(): TestCertificate
}
