type Granted = (lock: { readonly name: string } | null) => unknown

/** Web Locks of one origin, as far as `ifAvailable` goes; like those of a browser they answer later. */
export class FakeLocks {
  /** Full names of the locks that are held. */
  readonly held = new Set<string>()
  /** Makes requests fail. */
  error: Error | undefined

  async request(name: string, { ifAvailable }: { readonly ifAvailable: true }, granted: Granted): Promise<unknown> {
    if (!ifAvailable || name.startsWith('-')) throw new DOMException('no', 'NotSupportedError')
    await new Promise((resolve) => setImmediate(resolve))
    if (this.error !== undefined) throw this.error
    if (this.held.has(name)) return granted(null)
    this.held.add(name)
    try {
      return await granted({ name })
    } finally {
      await new Promise((resolve) => setImmediate(resolve))
      this.held.delete(name)
    }
  }
}
