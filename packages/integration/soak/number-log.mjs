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
