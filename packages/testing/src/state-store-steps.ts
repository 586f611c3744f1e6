import type { StateChange, StateRecord, StateStore } from '@couplet/client'

/** A change that writes. */
export function put(key: string, value: unknown, version = 1): StateChange {
  return { key, record: { version, value } }
}

/** A change that removes. */
export function remove(key: string): StateChange {
  return { key, record: undefined }
}

/** Throws unless `condition` holds. */
export function expectThat(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}

/** Throws unless the store has this record under this key. */
export async function expectRecord(store: StateStore, key: string, expected: StateRecord | undefined): Promise<void> {
  const actual = await store.get(key)
  if (!sameJson(actual, expected)) {
    throw new Error(`record ${shown(key)} is ${shown(actual)}, expected ${shown(expected)}`)
  }
}

/** Throws unless the call returns a promise that rejects. */
export async function expectRejection(call: () => Promise<unknown>, what: string): Promise<void> {
  const accepted = await call().then(
    () => true,
    () => false,
  )
  expectThat(!accepted, `${what} was accepted`)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent'
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text
}

/** Whether two values are the same JSON; the order of properties says nothing. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const keys = Object.keys(left)
  // Own properties only: one called __proto__ must not be mistaken for the prototype.
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(own(left, key), own(right, key)))
  )
}

function own(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value
}
