/**
 * What one process tells another about its ledger.
 * @typedef {{ next: number, ahead: number[], total: number, duplicate: number, unordered: number }} LedgerRecord
 */

/** Accounts for numbered messages: which came, which came again, which came late. */
export class Ledger {
  /** The least number that has not come yet. */
  next = 0
  /** Numbers above it that have come. @type {Set<number>} */
  ahead = new Set()
  total = 0
  duplicate = 0
  unordered = 0
  #highest = -1

  /** Takes the number of a message that came. @param {number} number */
  add(number) {
    this.total++
    if (number < this.next || this.ahead.has(number)) {
      this.duplicate++
      return
    }
    if (number < this.#highest) this.unordered++
    this.#highest = Math.max(this.#highest, number)
    this.ahead.add(number)
    while (this.ahead.delete(this.next)) this.next++
  }

  /** What is wrong after `sent` messages, numbered from 0. @param {number} sent */
  verdict(sent) {
    return { lost: sent - this.next - this.ahead.size, duplicate: this.duplicate, unordered: this.unordered }
  }

  /** @returns {LedgerRecord} */
  toJSON() {
    const { next, total, duplicate, unordered } = this
    return { next, ahead: [...this.ahead], total, duplicate, unordered }
  }

  /** @param {LedgerRecord} record */
  static from(record) {
    return Object.assign(new Ledger(), record, { ahead: new Set(record.ahead) })
  }
}
