import type { Transport } from '@couplet/client'
import { tcp } from '@couplet/tcp'
import { webSocket } from '@couplet/websocket'

/** What Node can use: TCP is found by DNS and binds the login to the TLS connection; WebSocket where TCP is blocked. */
export const defaultTransports = (): readonly Transport[] => [tcp(), webSocket()]
