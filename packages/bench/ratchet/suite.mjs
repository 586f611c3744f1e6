import { fork } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { message } from '../throughput/child-message.mjs'
import { formatRatio, median, ratioOf, table } from '../throughput/figures.mjs'
import { versionOf } from '../throughput/versions.mjs'
import { buildCrypto } from './load-crypto.mjs'

const contenders = ['couplet', 'couplet-noble', 'signalapp', 'privacyresearch', 'olm']
const names = { couplet: 'Couplet, platform', 'couplet-noble': 'Couplet, noble' }
const jobs = {
  'ping-pong': 'Ping-pong: a ratchet turn with every message, messages per CPU-s',
  encrypt: 'Encrypt in bursts of 100, messages per CPU-s',
  decrypt: 'Decrypt in bursts of 100, messages per CPU-s',
  'set-up': 'Set-up of a session and its first message, sessions per CPU-s',
  'fan-out': 'Fan-out to 200 devices, messages to all per CPU-s',
  'catch-up': 'Catch-up: 2,000 messages in one chain, messages per CPU-s',
}

/** What issue 5 asks for: `of` times the other one, or an absolute rate. */
const floors = [
  { job: 'ping-pong', contender: 'couplet', of: 'signalapp', factor: 0.7 },
  { job: 'ping-pong', contender: 'couplet', of: 'privacyresearch', factor: 40 },
  { job: 'ping-pong', contender: 'couplet-noble', of: 'privacyresearch', factor: 6 },
  { job: 'encrypt', contender: 'couplet', of: 'signalapp', factor: 2 },
  { job: 'set-up', contender: 'couplet', of: 'signalapp', factor: 0.5 },
  { job: 'fan-out', contender: 'couplet', of: 'signalapp', factor: 1.5 },
  { job: 'catch-up', contender: 'couplet', rate: 5000 },
]

async function measureOne(options) {
  const child = fork(new URL('./ratchet-process.mjs', import.meta.url), [JSON.stringify(options)])
  try {
    return (await message(child, (value) => typeof value === 'object')).perSecond
  } finally {
    child.kill('SIGKILL')
  }
}

async function runRounds({ rounds, budget, crypto }) {
  const results = Object.fromEntries(Object.keys(jobs).map((job) => [job, new Map(contenders.map((c) => [c, []]))]))
  const failures = []
  for (let round = 0; round < rounds; round++) {
    for (const job of Object.keys(jobs)) {
      for (let i = 0; i < contenders.length; i++) {
        const contender = contenders[(i + round) % contenders.length]
        try {
          results[job].get(contender).push(await measureOne({ contender, job, crypto, budget }))
        } catch (error) {
          failures.push(`${contender} ${job}, round ${round + 1}: ${error.message}`)
        }
      }
    }
  }
  return { results, failures }
}

const nameOf = (contender) => names[contender] ?? versionOf(contender)

function printJob(job, rates) {
  console.log(`\n## ${jobs[job]}\n`)
  const base = rates.get('signalapp')
  const rows = contenders.map((contender) => {
    const mine = rates.get(contender)
    return [nameOf(contender), median(mine).toFixed(0), formatRatio(ratioOf(mine, base))]
  })
  console.log(table(['contender', 'per CPU-s', 'rate, native = 1'], rows))
}

function floorRows(results) {
  return floors.map(({ job, contender, of, factor, rate }) => {
    const mine = results[job].get(contender)
    const found = of === undefined ? median(mine) : ratioOf(mine, results[job].get(of)).median
    const wanted = factor ?? rate
    const against = of === undefined ? 'per CPU-s' : `× ${nameOf(of)}`
    return { job, contender: nameOf(contender), wanted, against, found, isMet: found >= wanted }
  })
}

/** Runs the ratchet of OMEMO beside others and prints tables. Floors are printed, not enforced: a machine may be busy. */
export async function ratchet({ short, json }) {
  const plan = short ? { rounds: 1, budget: 400 } : { rounds: 5, budget: 1000 }
  const machine = `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model}`
  const date = new Date().toISOString().slice(0, 10)
  console.log(
    `# The OMEMO ratchet, ${date}\n\n${machine}\nmedian (least–greatest) of ${plan.rounds} interleaved rounds`,
  )
  const crypto = await buildCrypto()
  try {
    const { results, failures } = await runRounds({ ...plan, crypto })
    for (const job of Object.keys(jobs)) printJob(job, results[job])
    const rows = floorRows(results)
    console.log('\n## Floors\n')
    const cells = ({ job, contender, wanted, against, found, isMet }) => [
      `${contender}: ${job}`,
      `${wanted} ${against}`,
      found.toFixed(2),
      isMet ? 'met' : 'MISSED',
    ]
    console.log(table(['what', 'floor', 'found', ''], rows.map(cells)))
    const rates = Object.fromEntries(Object.keys(jobs).map((job) => [job, Object.fromEntries(results[job])]))
    if (json) writeFileSync(json, `${JSON.stringify({ date, machine, rates, floors: rows }, undefined, 2)}\n`)
    for (const failure of failures) console.error(`failed: ${failure}`)
    return {
      passed: plan.rounds * contenders.length * Object.keys(jobs).length - failures.length,
      failed: failures.length,
    }
  } finally {
    rmSync(dirname(crypto), { recursive: true, force: true })
  }
}
