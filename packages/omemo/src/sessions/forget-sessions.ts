import { contactKind } from '../devices/contact-record.js'
import type { Transaction } from '../store/omemo-store.js'
import { sessionKey, sessionKind } from './session-record.js'
import { trustKind } from './trust-ledger.js'

/** Removes the sessions of a device of ours with everybody whose keys are known: nobody uses them any more. */
export async function forgetSessions(tx: Transaction, ownId: number): Promise<void> {
  const jids = new Set((await tx.get(trustKind))?.records.map(({ jid }) => jid))
  for (const jid of jids) {
    for (const deviceId of (await tx.get(contactKind, jid))?.devices.keys() ?? []) {
      for (const version of ['omemo2', 'legacy'] as const) {
        tx.delete(sessionKind, sessionKey(ownId, jid, deviceId, version))
      }
    }
  }
}
