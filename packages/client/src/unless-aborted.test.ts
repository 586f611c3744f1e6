import { expect, test } from 'vitest'
import { unlessAborted } from './unless-aborted.js'

test('the outcome, whatever it is', async () => {
  const { signal } = new AbortController()
  await expect(unlessAborted(Promise.resolve(1), signal)).resolves.toBe(1)
  await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
})

test.each(['before', 'meanwhile'])('unless it was aborted %s', async (when) => {
  const controller = new AbortController()
  if (when === 'before') controller.abort(new Error('stop'))
  const outcome = unlessAborted(new Promise(() => {}), controller.signal)
  controller.abort(new Error('stop'))
  await expect(outcome).rejects.toThrow('stop')
  await expect(unlessAborted(Promise.reject(new Error('late')), controller.signal)).rejects.toThrow('stop')
})
