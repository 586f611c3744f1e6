import type { Transport } from '@couplet/client'
import { webSocket } from '@couplet/websocket'

/** What a browser can use. */
export const defaultTransports = (): readonly Transport[] => [webSocket()]
