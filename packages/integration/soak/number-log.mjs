import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** A log that survives the process: one number a line. */
export function numberLog(path) {
  const numbers = new Set(existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number) : [])
  return {
    numbers,
    add(number) {
      numbers.add(number)
      appendFileSync(path, `${number}\n`)
    },
  }
}

/** A log of what was handled, as the parent is told: what was handled just before the end may come again, and the log knows. */
export function handledLog(path) {
  const log = numberLog(path)
  // The last reports of an earlier life were lost with it.
  for (const number of log.numbers) process.send({ handled: number, again: false })
  return {
    numbers: log.numbers,
    take(number) {
      const again = log.numbers.has(number)
      if (!again) log.add(number)
      process.send({ handled: number, again })
    },
  }
}
