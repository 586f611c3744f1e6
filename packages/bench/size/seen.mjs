/** What a client has read, to be compared with what there was. */
export class Seen {
  items = 0
  characters = 0
  details = 0

  /** Something was read: texts of it, and a number that is part of it. */
  add(texts, detail) {
    this.items++
    for (const text of texts) this.characters += text.length
    this.details += detail
  }
}
