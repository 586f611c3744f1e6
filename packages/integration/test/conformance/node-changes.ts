import type { NodeChange } from '@couplet/pubsub'

/** What happens to a node, and a promise for the first change that is like this. */
export const changesOf = <T>() => {
  const seen: NodeChange<T>[] = []
  let check = (): void => {}
  return {
    seen,
    take: (change: NodeChange<T>): void => {
      seen.push(change)
      check()
    },
    until: (isIt: (change: NodeChange<T>) => boolean): Promise<NodeChange<T>> =>
      new Promise((resolve) => {
        check = () => {
          const found = seen.find(isIt)
          if (found !== undefined) resolve(found)
        }
        check()
      }),
  }
}
