/**
 * The same text with memory of its own. What a parser returns is a view on the chunk it came in, and whoever keeps one
 * id would keep the whole chunk alive. Use it for text that outlives its stanza.
 */
export function flatten(text: string): string {
  // Short strings are always copied by the engines; JSON has to build a new one for the rest.
  return text.length < 13 ? text : (JSON.parse(JSON.stringify(text)) as string)
}

/** Characters of a text that are kept as they are. */
const abridged = 256

/**
 * What stands for a text in memory, however long somebody has made it: itself, or its beginning with its length and a hash
 * (FNV-1a). It tells texts apart that nobody has chosen to be alike.
 */
export function abridge(text: string): string {
  if (text.length <= abridged) return flatten(text)
  let hash = 0x811c9dc5
  for (let at = abridged; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return flatten(`${text.slice(0, abridged)} ${text.length} ${hash >>> 0}`)
}

// Names come as slices of the network's chunks, new ones with every stanza. One copy of each saves memory and makes comparing
// them a comparison of pointers. Bounded, because a peer chooses them.
const interned = new Map<string, string>()

/** The one copy of a name that comes again and again: of a namespace, a feature, a mechanism. Any text gives its like. */
export function intern(name: string): string {
  const known = interned.get(name)
  if (known !== undefined) return known
  if (name.length > 256) return name
  if (interned.size >= 1024) interned.clear()
  const copy = flatten(name)
  interned.set(copy, copy)
  return copy
}
