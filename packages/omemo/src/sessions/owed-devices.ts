import type { OmemoStore, Transaction } from '../store/omemo-store.js'
import type { RecordKind } from '../store/record-kind.js'
import { receiveScope } from './journal.js'
import type { SenderDevice } from './outcome.js'

/** How many are remembered: strangers are owed something for ever, and their devices cost nothing. */
const most = 1000

/** Devices that were owed an empty message at some time: their sessions say whether they still are. */
const owedKind: RecordKind<readonly SenderDevice[]> = {
  name: 'owed',
  version: 1,
  toJson: (devices) => devices,
  fromJson: (json: readonly SenderDevice[]) => json,
}

const isSame = (left: SenderDevice, right: SenderDevice): boolean =>
  left.jid === right.jid && left.deviceId === right.deviceId && left.version === right.version

/** A device is owed an empty message. In a transaction on {@link receiveScope}. */
export async function noteOwed(transaction: Transaction, { jid, deviceId, version }: SenderDevice): Promise<void> {
  const device = { jid, deviceId, version }
  const all = (await transaction.get(owedKind)) ?? []
  if (!all.some((each) => isSame(each, device))) transaction.put(owedKind, '', [...all, device].slice(-most))
}

/** The devices that an earlier process may owe something, without those that it does not. */
export async function owedDevices(
  store: OmemoStore,
  isOwed: (device: SenderDevice) => Promise<boolean>,
): Promise<readonly SenderDevice[]> {
  const known = (await store.read(owedKind)) ?? []
  const paid = new Set<SenderDevice>()
  for (const device of known) if (!(await isOwed(device))) paid.add(device)
  if (paid.size > 0) {
    await store.transaction([receiveScope], async (transaction) => {
      const all = (await transaction.get(owedKind)) ?? []
      const left = all.filter((each) => ![...paid].some((device) => isSame(each, device)))
      transaction.put(owedKind, '', left)
    })
  }
  return known.filter((device) => !paid.has(device))
}
