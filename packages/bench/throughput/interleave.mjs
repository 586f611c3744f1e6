/** Every job once per round, each round beginning with another one: what slows the machine down slows all. `run` returns figures or `{ error }`. */
export async function interleave(rounds, jobs, keyOf, run) {
  const results = new Map()
  const failures = []
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < jobs.length; i++) {
      const job = jobs[(i + round) % jobs.length]
      const key = keyOf(job)
      const result = await run(job)
      if (result.error !== undefined) failures.push(`${key}, round ${round + 1}: ${result.error}`)
      else results.set(key, [...(results.get(key) ?? []), result])
    }
  }
  return { results, failures }
}
