import { describe, expect, test } from 'vitest'
import { AckBarrier } from './ack-barrier.js'
import { SendTicket } from './send-ticket.js'

/** A barrier whose questions the test answers. */
function barrier() {
  const questions: { resolve(): void; reject(error: unknown): void }[] = []
  const acks = new AckBarrier(() => new Promise<void>((resolve, reject) => questions.push({ resolve, reject })))
  const sent = (id: string): SendTicket => {
    const ticket = new SendTicket(id, '')
    ticket.written(acks)
    return ticket
  }
  return { acks, questions, sent }
}

describe('AckBarrier', () => {
  test('an answer acknowledges what was written before the question, and nothing else', async () => {
    const { questions, sent } = barrier()
    const [first, second] = [sent('1'), sent('2')]
    const acked = first.acked
    const third = sent('3')
    void second.acked
    void third.acked
    expect(questions).toHaveLength(1)
    questions[0]?.resolve()
    await acked
    expect([first.state, second.state, third.state]).toEqual(['acked', 'written', 'written'])
    expect(questions).toHaveLength(2)
    questions[1]?.resolve()
    await Promise.all([second.acked, third.acked])
    expect(questions).toHaveLength(2)
  })

  test('asks nothing when nobody waits', () => {
    const { questions, sent } = barrier()
    sent('1')
    expect(questions).toHaveLength(0)
  })

  test('the end of the connection fails who waits, and who comes later', async () => {
    const { acks, questions, sent } = barrier()
    const [asked, waiting, later] = [sent('1'), sent('2'), sent('3')]
    void asked.acked
    void waiting.acked
    acks.end(new Error('lost'))
    questions[0]?.resolve()
    await expect(asked.acked).rejects.toThrow('lost')
    await expect(waiting.acked).rejects.toThrow('lost')
    await expect(later.acked).rejects.toThrow('lost')
    expect(questions).toHaveLength(1)
  })

  test('a question that fails is the end', async () => {
    const { questions, sent } = barrier()
    const [asked, waiting] = [sent('1'), sent('2')]
    void asked.acked
    void waiting.acked
    const cause = new DOMException('no answer', 'TimeoutError')
    questions[0]?.reject(cause)
    for (const { acked } of [asked, waiting]) {
      await expect(acked).rejects.toMatchObject({ name: 'ConnectionError', code: 'closed', cause })
    }
  })

  test('is idle when nobody waits any more', async () => {
    const { acks, questions, sent } = barrier()
    await acks.idle()
    void sent('1').acked
    const second = sent('2')
    void second.acked
    const idle = acks.idle().then(() => second.state)
    questions[0]?.resolve()
    await Promise.resolve()
    questions[1]?.resolve()
    expect(await idle).toBe('acked')
  })

  test('is idle when the connection has ended', async () => {
    const { acks, sent } = barrier()
    void sent('1').acked
    const idle = acks.idle()
    acks.end(new Error('lost'))
    await expect(idle).resolves.toBeUndefined()
  })
})
