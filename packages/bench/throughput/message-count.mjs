/** Counts what a client's handler has read; `done` resolves when all of it is there. */
export class MessageCount {
  messages = 0
  characters = 0
  senders = 0
  requests = 0
  #expected
  #finish

  constructor(expected) {
    this.#expected = expected
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  add(body, from, requested) {
    this.characters += body.length
    if (from) this.senders++
    if (requested) this.requests++
    if (++this.messages === this.#expected) this.#finish()
  }
}
