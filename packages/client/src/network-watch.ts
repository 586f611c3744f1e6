/**
 * What happened to the network, or to this machine.
 *
 * - `online`: there is a network again; an attempt belongs within 1 s.
 * - `offline`: there is none; no attempts until `online`.
 * - `wake`: the page or machine was asleep or hidden; timers and the connection are not to be trusted. One
 *   awakening may be reported more than once.
 * - `change`: there is another network, such as mobile data for Wi-Fi; the connection may be stale.
 */
export type NetworkEvent = 'online' | 'offline' | 'wake' | 'change'

/** How the client learns about the network; an application can bring its own, such as on React Native. */
export interface NetworkHooks {
  /** Whether there can be a connection at all; true where nobody knows. */
  readonly isOnline: boolean
  /** Calls the listener on every event, until disposed. */
  onChange(listener: (event: NetworkEvent) => void): Disposal
}

/** Ends a subscription; twice is harmless. */
export interface Disposal {
  /** Ends it. */
  dispose(): void
}

/** The part of a browser's global object that tells about the network; all of it may be missing. */
export interface NetworkScope extends Partial<Listenable> {
  /** What knows whether there is a network, and which. */
  readonly navigator?:
    | { readonly onLine?: boolean | undefined; readonly connection?: Partial<Listenable> | undefined }
    | undefined
  /** What knows whether the page is seen. */
  readonly document?: (Partial<Listenable> & { readonly visibilityState?: string | undefined }) | undefined
}

/** An `EventTarget`, as far as it is used here. */
export interface Listenable {
  /** As in the DOM. */
  addEventListener(type: string, listener: (event: Event) => void): void
  /** As in the DOM. */
  removeEventListener(type: string, listener: (event: Event) => void): void
}

/** Reads `navigator.onLine` and the events of a window, a document or a worker; where there are none, it is always online. */
export function watchNetwork(scope: NetworkScope = globalThis): NetworkHooks {
  return {
    get isOnline() {
      return scope.navigator?.onLine !== false // not in every runtime
    },
    onChange(listener) {
      const ends = sourcesOf(scope).flatMap(([source, type, translate]) => {
        if (source?.addEventListener === undefined) return []
        const listen = (event: Event): void => {
          const meaning = translate(event)
          if (meaning !== undefined) listener(meaning)
        }
        source.addEventListener(type, listen)
        return [() => source.removeEventListener?.(type, listen)]
      })
      return {
        dispose() {
          for (const end of ends.splice(0)) end()
        },
      }
    },
  }
}

type Translation = (event: Event) => NetworkEvent | undefined

/** Which events there are, and what they mean. */
function sourcesOf(scope: NetworkScope): readonly (readonly [Partial<Listenable> | undefined, string, Translation])[] {
  const { document, navigator } = scope
  return [
    [scope, 'online', () => 'online'],
    [scope, 'offline', () => 'offline'],
    // Back from the back/forward cache, where no timer ran and the browser may have closed the connection.
    [scope, 'pageshow', (event) => ((event as Partial<PageTransitionEvent>).persisted ? 'wake' : undefined)],
    [document, 'visibilitychange', () => (document?.visibilityState === 'visible' ? 'wake' : undefined)],
    [document, 'resume', () => 'wake'], // Page Lifecycle: the end of `freeze`
    [navigator?.connection, 'change', () => 'change'], // Network Information
  ]
}
