/** Milliseconds after which a process that says nothing has failed. */
const limit = 45_000

/** Resolves with the next message for which `accept` is true; rejects when the process ends first, or says nothing for too long. */
export function message(child, accept) {
  return new Promise((resolve, reject) => {
    const settle = (then) => (value) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      then(value)
    }
    const fail = settle(reject)
    const onMessage = (value) => {
      timer.refresh()
      if (accept(value)) settle(resolve)(value)
    }
    const onExit = (code) => fail(new Error(`ended with code ${code}`))
    const timer = setTimeout(() => fail(new Error(`nothing for ${limit / 1000} s`)), limit)
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}
