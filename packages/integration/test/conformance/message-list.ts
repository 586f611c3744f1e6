import type { InboundMessage, Session } from '@couplet/client'

/** The messages a client has received. */
export interface MessageList {
  readonly received: readonly InboundMessage[]
  /** Resolves to all messages so far when there are that many. */
  until(count: number): Promise<readonly InboundMessage[]>
}

/** Collects the messages of a client from now on; those without a body are left out. */
export const messagesOf = (session: Pick<Session, 'onMessage'>): MessageList => {
  const received: InboundMessage[] = []
  let check = (): void => {}
  session.onMessage((message) => {
    if (message.body === undefined) return
    received.push(message)
    check()
  })
  return {
    received,
    until: (count) =>
      new Promise((resolve) => {
        check = () => {
          if (received.length >= count) resolve(received)
        }
        check()
      }),
  }
}
