/**
 * The address as a URL if it is one of the web, with the scheme `https` or `http`; otherwise `undefined`. The sender may
 * also write `javascript:` or `file:` (XEP-0066 §5), which no app should make a link of.
 */
export function webUrl({ url }: { readonly url: string }): URL | undefined {
  if (!URL.canParse(url)) return undefined
  const parsed = new URL(url)
  return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed : undefined
}
